"""A source of 2FA codes for --code-command: keeps the secret it is given, prints the current code.

    --code-command 'python authenticator.py SECRET_FILE'

At enrolment the otpauth URI comes on stdin; later stdin is empty. Whoever reads SECRET_FILE has the
second factor: use it where nobody is there to look at a phone, and for tests.
"""

import base64
import hmac
import os
import sys
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

path = Path(sys.argv[1])
uri = sys.stdin.read().strip()
if uri:
    path.unlink(missing_ok=True)  # an older secret shows other codes
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(uri)
parts = urlsplit(path.read_text())
if parts.netloc != "totp":
    sys.exit("this is not a secret for codes that follow the time")
entry = {"algorithm": "SHA1", "digits": "6", "period": "30", **dict(parse_qsl(parts.query))}
secret = base64.b32decode(entry["secret"] + "=" * (-len(entry["secret"]) % 8))
# RFC 6238, without a library: some refuse the short secrets that many services give out.
counter = int(time.time()) // int(entry["period"])
digest = hmac.digest(secret, counter.to_bytes(8, "big"), entry["algorithm"].lower())
start = digest[-1] & 15
number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
print(str(number)[-int(entry["digits"]) :].zfill(int(entry["digits"])))
