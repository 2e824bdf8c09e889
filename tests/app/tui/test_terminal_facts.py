"""What doctor and step 1 say about the terminal."""

from __future__ import annotations

import pytest

from app.tui import terminal_facts
from core.preflight.check import Status


@pytest.mark.parametrize(
    ("size", "fits"), [((80, 24), True), ((41, 24), True), ((80, 23), False), ((40, 50), False)]
)
def test_whether_the_qr_code_fits_is_said(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], fits: bool
) -> None:
    monkeypatch.setattr(terminal_facts.shutil, "get_terminal_size", lambda: size)
    monkeypatch.setattr(terminal_facts.sys.stdout, "isatty", lambda: True, raising=False)
    check = terminal_facts.qr_check()
    assert (check.status is Status.PASSED) is fits
    assert bool(check.remedy()) is not fits


def test_a_terminal_without_utf_8_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(terminal_facts.shutil, "get_terminal_size", lambda: (80, 24))
    monkeypatch.setattr(terminal_facts.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        terminal_facts.locale, "getpreferredencoding", lambda do_setlocale=False: "ANSI_X3.4-1968"
    )
    check = terminal_facts.terminal_check()
    assert check.status is Status.WARNING
    assert "C.UTF-8" in check.remedy()


@pytest.mark.parametrize(
    ("size", "environ", "status", "words"),
    [
        ((80, 24), {"TERM": "xterm-256color"}, Status.PASSED, "256 colours"),
        ((80, 24), {"TERM": "linux"}, Status.PASSED, "16 colours"),
        ((80, 24), {"TERM": "xterm", "COLORTERM": "truecolor"}, Status.PASSED, "all colours"),
        ((80, 24), {"TERM": "xterm", "NO_COLOR": ""}, Status.PASSED, "no colours"),
        ((60, 20), {"TERM": "xterm"}, Status.WARNING, "80x24 shows everything at once"),
        ((80, 24), {"TERM": "dumb"}, Status.WARNING, "plain mode"),
    ],
)
def test_what_the_terminal_can_show_is_said(
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    environ: dict[str, str],
    status: Status,
    words: str,
) -> None:
    for name in ("COLORTERM", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(terminal_facts.shutil, "get_terminal_size", lambda: size)
    monkeypatch.setattr(terminal_facts.sys.stdout, "isatty", lambda: True, raising=False)
    check = terminal_facts.terminal_check()
    assert check.status is status
    assert words in check.text
    assert bool(check.remedy()) == (status is not Status.PASSED)
