"""A source of 2FA codes for --code-command: keeps the secret it is given, prints the current code.

    --code-command 'python authenticator.py SECRET_FILE'

At enrolment the otpauth URI comes on stdin; later stdin is empty. Whoever reads SECRET_FILE has the
second factor: use it where nobody is there to look at a phone, and for tests.
"""

import os
import sys
from pathlib import Path

import pyotp  # comes along with peaq-onboard

path = Path(sys.argv[1])
uri = sys.stdin.read().strip()
if uri:
    path.unlink(missing_ok=True)  # an older secret shows other codes
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(uri)
entry = pyotp.parse_uri(path.read_text())
if not isinstance(entry, pyotp.TOTP):
    sys.exit("this is not a secret for codes that follow the time")
print(entry.now())
