"""Print the owner's wallet as JSON: its address and its balance in wei, as a decimal string.

The private key comes on stdin, the URL of an RPC endpoint as the only argument.
"""

import json
import sys

import httpx
from eth_account import Account

try:
    address = Account.from_key(sys.stdin.readline().strip()).address
except ValueError:
    sys.exit("peaq_onboard_owner_key is not a private key: 64 hex digits, with or without 0x.")
request = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": [address, "latest"]}
try:
    answer = httpx.post(sys.argv[1], json=request, timeout=30).raise_for_status().json()
    balance = int(answer["result"], 16)
except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
    sys.exit(f"The RPC endpoint does not tell the balance of {address}: {type(error).__name__}")
print(json.dumps({"address": address, "balance_wei": str(balance)}))
