"""After step 7: what the machine received, as a card with its peaqID as a QR code."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from core.amounts import format_peaq
from core.receipt.document import read_receipt
from core.receipt.text import Layout, receipt_lines
from core.step import Step
from screens.base import StepScreen
from screens.base.frame import NARROW
from screens.widgets.line import Line
from screens.widgets.marks import blocks, marks
from screens.widgets.peaq_id import two_rows
from screens.widgets.qr import QrCode

_CARD_ROWS = {"guide": 24, "activation": 29}
"""Rows of the window from which on the code can be shown whole, by protocol."""


class ReceiptScreen(StepScreen):
    CSS_PATH = "later.tcss"

    step = Step.MACHINE_NFT
    title_text = "Receipt"
    primary_label = "Done"

    def body(self) -> ComposeResult:
        done = Content.styled(f"{marks().done} The machine is onboarded", "bold $success")
        folder = self.engine.session.folder
        receipt = read_receipt(folder)
        if receipt is None:
            yield Line(done, id="done")
            yield Line(
                f"The receipt is not in {folder}. Run `peaq-onboard receipt` to write it again."
            )
            return
        facts = Line(_facts(done, receipt), id="receipt-facts", classes="as-card")
        with Horizontal(id="receipt-card", classes="as-card"):
            yield QrCode(receipt["peaq_id"], wide=False, id="receipt-qr")
            yield facts
        number = receipt["machine_id"]
        peaq_id = two_rows(int(number)) if "activation" in receipt else receipt["peaq_id"]
        yield Line(Content.styled(peaq_id, "bold"), classes="as-card")
        # Where the code does not fit: the same facts, line by line.
        summary = "\n".join(receipt_lines(receipt, Layout.SUMMARY))
        yield Line(Content.assemble(done, f"\n\n{summary}"), id="done", classes="as-text")
        yield Line(f"Files   {folder}", classes="one-line")
        if self.wizard.simulation is None:  # a rehearsal ends with its network
            yield Line("Verify  peaq-onboard receipt --verify", classes="one-line")

    def show_frame(self) -> None:
        columns, rows = self.step_columns, self.app.size.height
        card = blocks() and columns >= NARROW and rows >= _CARD_ROWS[self.engine.settings.protocol]
        self.set_class(not card, "without-card")
        super().show_frame()

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "done")]

    def first_focus(self) -> Widget:
        return self.primary

    def submit(self) -> None:
        self.wizard.leave()


def _facts(done: Content, receipt: dict[str, Any]) -> Content:
    """The right half of the card: 43 columns at 80x24."""
    token, bond = receipt["token"], int(receipt["bond_wei"])
    rows = [
        *_numbers(receipt),
        ("Bond", f"{format_peaq(bond)} {token}" if bond else "paid earlier"),
        ("Fees", f"{format_peaq(int(receipt['gas_spent_wei']), up=True)} {token}"),
        ("MCR", receipt["mcr"] or "not indexed yet"),
        ("Network", str(receipt["network"])),
    ]
    lines = [done, Content("")]
    lines += [
        Content.assemble(Content.styled(f"{name:<14}", "$muted"), value) for name, value in rows
    ]
    lines.append(Content(""))
    for row in receipt["transactions"]:
        if row["status"] in ("final", "included"):
            lines.append(
                Content.assemble(
                    Content.styled(f"{row['purpose']:<14}", "$muted"),
                    f"block {row['block']}  {_short(row['hash'])}",
                )
            )
    return Content("\n").join(lines)


def _numbers(receipt: dict[str, Any]) -> list[tuple[str, str]]:
    activation = receipt.get("activation")
    if activation is not None:
        return [
            ("Type", str(activation["machine_type"])),
            ("Tier", str(activation["tier"])),
            ("Renew before", str(activation["renew_before"])[:10]),
        ]
    return [
        ("Machine", str(receipt["machine_id"])),
        ("Identity NFT", str(receipt["identity_nft_token_id"])),
        ("Machine NFT", str(receipt["machine_nft_token_id"])),
    ]


def _short(hash_: str) -> str:
    """The two ends of a hash; receipt.txt and receipt.json have all of it."""
    return f"{hash_[:8]}…{hash_[-6:]}"
