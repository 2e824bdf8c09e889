"""The way of each transaction: submitted, included in a block, finalized."""

from __future__ import annotations

from textual.content import Content

from core.journal.state import State, Tx, TxStatus
from screens.widgets.line import Line
from screens.widgets.marks import marks

_GUIDE = ("register", "mint", "did")
"""The transactions of the guide's flow, in order."""
_ACTIVATION = ("approve", "activate")
"""Those of an activation; with a voucher for the whole bond there is no approval."""
_NAMES = {
    "register": "Registration",
    "mint": "Machine NFT",
    "did": "DID attributes",
    "single": "Everything at once",
    "approve": "Approval",
    "activate": "Activation",
    "revoke": "Removal",
}
_COUNTED = (TxStatus.SIGNED, TxStatus.SENT, TxStatus.INCLUDED, TxStatus.FINAL)


class Phases(Line):
    """One row a transaction; hidden before the first one is signed."""

    def show(self, state: State) -> None:
        newest = {tx.purpose: tx for tx in state.transactions if _is_ours(tx, state)}
        planned = tuple(newest)
        if state.protocol == "guide" and set(newest) <= set(_GUIDE):
            planned = _GUIDE
        elif planned == _ACTIVATION[:1]:
            planned = _ACTIVATION
        rows = [
            _row(number, len(planned), purpose, newest.get(purpose))
            for number, purpose in enumerate(planned, 1)
        ]
        self.display = bool(newest)
        self.set_text(Content("\n").join(rows))


def _is_ours(tx: Tx, state: State) -> bool:
    return tx.sender == state.address and tx.status in _COUNTED


def _row(number: int, count: int, purpose: str, tx: Tx | None) -> Content:
    signs = marks()
    reached = _COUNTED.index(tx.status) if tx else -1
    included = f"in block {tx.block}" if tx and tx.block is not None else "included"
    parts: list[Content | str] = [
        Content.styled(f"{number} of {count}  ", "$muted"),
        f"{_NAMES.get(purpose, purpose):<15}",
    ]
    for phase, word in enumerate(("submitted", included, "finalized"), 1):
        if reached >= phase:
            sign, style = signs.done, "$success"
        elif tx is not None and reached == phase - 1:
            sign, style = signs.current, "bold $accent"
        else:
            sign, style = signs.todo, "$faint"
        parts.append(Content.styled(f" {sign} {word} ", style))
    return Content.assemble(*parts)
