"""The parts of all screens: pastes, answers, signs, and a QR code that a phone can read."""

from __future__ import annotations

import pytest
import segno
from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input

from screens.widgets.card import clock_text
from screens.widgets.choice import Choice
from screens.widgets.inputs import Field
from screens.widgets.line import Line
from screens.widgets.marks import PLAIN, UNICODE, marks
from screens.widgets.qr import QrCode
from screens.widgets.special_fields import CodeField, KeyField, SecretField


class Form(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.submitted: list[str] = []

    def compose(self) -> ComposeResult:
        yield Field(id="plain")
        yield SecretField(id="secret")
        yield KeyField(id="key")
        yield CodeField(id="code")
        yield Choice(
            [("one", "first", "a"), ("two", "second", "b"), ("three", "third", "c")], id="choice"
        )
        yield Line("[b]literal[/b] [/nonsense", id="line")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.submitted.append(event.value)


@pytest.mark.parametrize(
    ("field", "pasted", "value"),
    [
        ("plain", "\r\n https://a.example \n", "https://a.example"),
        ("secret", " two words \r\n", " two words "),
        ("key", "\n 0x12 34\t56 \n", "0x123456"),
        ("code", "123 456", "123456"),
        ("code", "123-456\n", "123-456"),
        ("code", "\n123456\n", "123456"),
        ("code", "9" * 1_000_000, "9" * 12),
        ("plain", "x" * 1_000_000, "x" * 4096),
    ],
)
async def test_a_paste_is_taken_never_dropped(field: str, pasted: str, value: str) -> None:
    app = Form()
    async with app.run_test() as pilot:
        app.query_one(f"#{field}").focus()
        app.post_message(events.Paste(pasted))
        await pilot.pause()
        assert app.query_one(f"#{field}", Field).value == value


async def test_the_line_break_after_a_paste_is_no_enter() -> None:
    """Over a link without bracketed paste it arrives as one, and would send a secret off."""
    app = Form()
    async with app.run_test() as pilot:
        field = app.query_one("#secret", SecretField)
        field.focus()
        field.insert_text_at_cursor("x")
        field.on_paste(events.Paste("secret"))
        await field.action_submit()
        await pilot.pause()
        assert app.submitted == []
        field._pasted_at -= 1
        await field.action_submit()
        await pilot.pause()
        assert app.submitted == ["xsecret"]


async def test_a_secret_is_never_drawn() -> None:
    app = Form()
    async with app.run_test() as pilot:
        app.query_one("#secret").focus()
        await pilot.press(*"hunter")
        assert "hunter" not in app.export_screenshot()


async def test_no_cursor_blinks() -> None:
    """A blinking cursor costs 1.7 kB a second: a slow line never catches up."""
    app = Form()
    async with app.run_test():
        assert not any(field.cursor_blink for field in app.query(Field))


async def test_an_answer_is_chosen_by_arrows_space_or_its_first_letters() -> None:
    app = Form()
    async with app.run_test() as pilot:
        choice = app.query_one("#choice", Choice)
        choice.focus()
        for keys, value in (
            (["right"], "two"),
            (["space"], "three"),
            (["down"], "one"),
            (["left"], "three"),
            (["s"], "two"),
            (["t", "h", "i"], "three"),
        ):
            await pilot.press(*keys)
            assert choice.value == value, keys
        choice.value = "nonsense"
        assert choice.value == "three"


async def test_a_line_never_interprets_what_it_shows() -> None:
    app = Form()
    async with app.run_test():
        assert "[b]literal[/b]" in str(app.query_one("#line", Line).render())


@pytest.mark.parametrize(
    "text", ["otpauth://totp/peaq:0x4f3A..9c1E?secret=" + "A" * 32, "0x" + "a" * 40]
)
async def test_every_module_of_the_code_is_drawn_dark_or_light(text: str) -> None:
    code = QrCode(text)
    made = segno.make_qr(text, error="l", boost_error=False)
    matrix = [list(row) for row in made.matrix]
    border = (code.columns - len(matrix)) // 2
    assert border >= 1, "without a quiet zone phones do not find it"

    class Page(App[None]):
        def compose(self) -> ComposeResult:
            yield code

    async with Page().run_test(size=(100, 60)):
        drawn = [_modules(code, y) for y in range(code.rows)]
    flat = [row for upper, lower in drawn for row in (upper, lower)]
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            assert flat[y + border][x + border] == bool(dark), (x, y)


def _modules(code: QrCode, y: int) -> tuple[list[bool], list[bool]]:
    """Which of the two modules in each cell of a line are dark, by their colours."""
    upper: list[bool] = []
    lower: list[bool] = []
    for segment in code.render_line(y):
        assert segment.style
        on, under = segment.style.color, segment.style.bgcolor
        if segment.style.reverse:
            on, under = under, on
        for character in segment.text:
            for signs, row in (("▀█", upper), ("▄█", lower)):
                colour = on if character in signs else under
                assert colour is not None
                row.append(colour.get_truecolor()[0] < 100)
    return upper, lower


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "00:01"), (59, "00:59"), (271, "04:31"), (25_471, "7 h 04 min")]
)
def test_a_countdown_reads_as_a_clock(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


@pytest.mark.parametrize("term", ["linux", "vt100", "vt220", "dumb"])
def test_old_consoles_get_signs_that_their_fonts_have(
    monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    assert marks() is PLAIN
    signs = [*vars(PLAIN).values()]
    assert all("".join(sign).isascii() for sign in signs)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert marks() is UNICODE
