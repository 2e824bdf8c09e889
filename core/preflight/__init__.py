"""The site survey: is everything there that an onboarding needs? Read only, and bounded in time.

`machine` looks at this machine, `hosts` at names and certificates, `services` at what answers
behind them, `contracts` at the chain; `network` asks the last three one after the other.
"""
