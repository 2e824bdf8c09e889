"""The contract interfaces, one JSON file a contract: only the entries that onboarding uses."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def load(name: str) -> list[dict[str, Any]]:
    """Return the interface `name`, such as ``identity_registry`` or ``activation/info_desk``.

    Raises FileNotFoundError where there is none of that name.
    """
    text = files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = json.loads(text)
    return entries
