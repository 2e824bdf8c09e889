"""After step 7: what the machine received."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from core.receipt.document import read_receipt
from core.receipt.text import Layout, receipt_lines
from core.step import Step
from screens.base import StepScreen
from screens.widgets.line import Line
from screens.widgets.marks import marks


class ReceiptScreen(StepScreen):
    step = Step.MACHINE_NFT
    heading = "Receipt"
    primary_label = "Done"

    def body(self) -> ComposeResult:
        sign = marks().done
        yield Line(Content.styled(f"{sign} The machine is onboarded", "bold $success"), id="done")
        folder = self.engine.session.folder
        receipt = read_receipt(folder)
        if receipt is None:
            yield Line(
                f"The receipt is not in {folder}. Run `peaq-onboard receipt` to write it again."
            )
            return
        lines = receipt_lines(receipt, Layout.SUMMARY)
        yield Line("\n".join(lines))
        yield Line("The six attributes are verified on the network.")
        yield Line(f"Saved in {folder}", classes="muted one-line")

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "done")]

    def first_focus(self) -> Widget:
        return self.primary

    def submit(self) -> None:
        self.wizard.leave()
