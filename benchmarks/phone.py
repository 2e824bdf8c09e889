"""An authenticator for `--code-command`: keeps the otpauth URI in a file, and shows a fresh code
at every look.

A code is good once; instead of waiting half a minute for the next one, its time is looked ahead.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pyotp


def main(place: Path) -> None:
    uri = sys.stdin.readline().strip()
    if uri:
        place.write_text(f"{uri}\n", encoding="utf-8")
        return
    kept, *looks = place.read_text(encoding="utf-8").splitlines()
    place.write_text("\n".join([kept, *looks, "look"]), encoding="utf-8")
    phone = pyotp.parse_uri(kept)
    if not isinstance(phone, pyotp.TOTP):
        raise SystemExit("the entry is not for time-based codes")
    sys.stdout.write(phone.at(time.time() + 30 * min(len(looks), 1)) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
