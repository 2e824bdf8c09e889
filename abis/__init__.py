"""The contract interfaces, one JSON file a contract: only the entries that onboarding uses."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def load(name: str) -> list[dict[str, Any]]:
    """Return the interface `name`, such as ``identity_registry``.

    Raises FileNotFoundError where there is none of that name.
    """
    found = _read(name)
    entries: list[dict[str, Any]] = found["abi"] if isinstance(found, dict) else found
    return entries


def runtime(name: str) -> str:
    """The runtime bytecode (0x-hex) of a contract that is compiled here, such as ``forecast``."""
    return str(_read(name)["runtime"])


def _read(name: str) -> Any:
    return json.loads(files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
