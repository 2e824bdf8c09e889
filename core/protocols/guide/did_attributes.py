"""The six attributes of the DID: their required values, and the writes that lead to them."""

from __future__ import annotations

from collections.abc import Mapping

from core.chain.did import ATTRIBUTE_NAMES
from core.journal.state import Details


def wanted_attributes(machine_id: int, token_id: int, details: Details) -> dict[str, str]:
    """Return the six attributes in order; `operator` is empty, because owner and operator are the
    same.
    """
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
    """Return the writes that are still necessary, in order: (function, name, value).

    Adding an existing attribute, or updating an absent one, would revert the whole batch.
    """
    needed = []
    for name, value in wanted.items():
        present = found.get(name)
        if present is None:
            needed.append(("addAttribute", name, value))
        elif present != value.encode():
            needed.append(("updateAttribute", name, value))
    return needed
