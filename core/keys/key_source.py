"""The source of a key, as chosen by the user."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.secrets import Secret

Way = Literal["generate", "import", "environment", "keep"]


@dataclass(frozen=True)
class KeySource:
    """The source of a key. `private_key` is a pasted hex key; `path` is a file with a hex key or a
    keystore V3, which `path_passphrase` opens.
    """

    way: Way
    private_key: Secret | None = None
    path: Path | None = None
    path_passphrase: Secret | None = None
