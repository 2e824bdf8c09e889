"""The six attributes of the DID: as they are to be, and what has to be written for that."""

from __future__ import annotations

from collections.abc import Mapping

from core.chain.did import ATTRIBUTE_NAMES
from core.journal.state import Details


def wanted_attributes(machine_id: int, token_id: int, details: Details) -> dict[str, str]:
    """The six attributes in their order; `operator` is empty, since owner and operator are one."""
    values = (
        str(machine_id),
        str(token_id),
        "",
        details.documentation_url,
        details.data_api,
        details.data_visibility,
    )
    return dict(zip(ATTRIBUTE_NAMES, values, strict=True))


def changes(
    found: Mapping[str, bytes | None], wanted: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """What has to be written: (function, name, value), in order; nothing for what is right.

    Adding what is there, or updating what is not, would make the chain undo the whole batch.
    """
    needed = []
    for name, value in wanted.items():
        present = found.get(name)
        if present is None:
            needed.append(("addAttribute", name, value))
        elif present != value.encode():
            needed.append(("updateAttribute", name, value))
    return needed
