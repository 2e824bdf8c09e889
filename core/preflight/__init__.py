"""Read-only checks before an onboarding: one function per check, each returning a CheckResult.

Step 1 runs those of `essentials`; doctor runs all of them. `machine`, `settings` and
`state_directory` check this machine, `hosts`, `services` and `contracts` the network.
"""
