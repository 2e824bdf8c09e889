"""The three details of the machine, as fields: in step 1, and again in step 7."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.widget import Widget

from core.chain.did import VISIBILITIES, check_details
from core.errors.problem import Problem
from core.journal.state import Details
from screens.widgets.choice import LIST_ROWS, Choice
from screens.widgets.inputs import Field, Row

VISIBILITY_HINTS = {
    "public": "anyone can read the data",
    "private": "on request only",
    "onchain": "the data is on the network",
}


_PLACES = {
    "DOCUMENTATION_URL_INVALID": "documentation-url",
    "DATA_API_INVALID": "data-api",
    "DATA_VISIBILITY_INVALID": "data-visibility",
}


class DetailsForm(Widget):
    """Documentation URL, data API and visibility: in step 1, and again in step 7."""

    documentation_url = getters.query_one("#documentation-url", Field)
    data_api = getters.query_one("#data-api", Field)
    visibility = getters.query_one("#data-visibility", Choice)

    def __init__(self, details: Details, *, rows: int = LIST_ROWS) -> None:
        """`rows` of the window from which on all visibilities are shown."""
        super().__init__()
        self._details = details
        self._rows = rows

    def compose(self) -> ComposeResult:
        details = self._details
        yield Row(
            "Documentation URL",
            Field(
                details.documentation_url,
                id="documentation-url",
                placeholder=" https://… of its documentation",
            ),
        )
        yield Row(
            "Data API",
            Field(details.data_api, id="data-api", placeholder=" https://… of its data"),
        )
        options = [(key, key, VISIBILITY_HINTS[key]) for key in VISIBILITIES]
        choice = Choice(options, details.data_visibility, id="data-visibility", rows=self._rows)
        yield Row("Data visibility", choice)

    @property
    def details(self) -> Details:
        return Details(
            self.documentation_url.value.strip(),
            self.data_api.value.strip(),
            self.visibility.value,
        )

    def fault_in(self, widget: Widget) -> Problem | None:
        """Return the problem of the value in that field; None if it is empty or usable."""
        if not isinstance(widget, Field) or not widget.value:
            return None
        faults = check_details(self.details)
        return next((found for found in faults if _PLACES.get(found.code) == widget.id), None)

    def focus_fault(self, problem: Problem) -> None:
        """To the field that the problem is about."""
        place = _PLACES.get(problem.code)
        if place:
            self.query_one(f"#{place}").focus()
