"""Where a key comes from, as the technician says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.secrets import Secret

Way = Literal["generate", "import", "environment", "keep"]


@dataclass(frozen=True)
class KeySource:
    """Where the key comes from. `private_key` is a pasted hex key; `path` a file that holds a
    keystore V3 (then `path_passphrase` opens it) or a hex key.
    """

    way: Way
    private_key: Secret | None = None
    path: Path | None = None
    path_passphrase: Secret | None = None
