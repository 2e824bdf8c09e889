# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title Payment with other tokens on the rehearsal network
@notice Activation only checks that there is code at its address. As on peaq's mainnet, no
        other token is configured.
"""


@external
@view
def usdtToken() -> address:
    return empty(address)
