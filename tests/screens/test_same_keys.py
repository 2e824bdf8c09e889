"""The same keys do the same on all screens: what was learned on one holds on the next."""

from __future__ import annotations

import re

import pytest
from textual.theme import Theme
from textual.widget import Widget

from app.tui.theme import ANSI, FULL
from core.journal.next_action import Action
from screens.dialogs.help import IN_ACTIVATION, KEYS_OF_STEP, OF_STEP, WORDS
from screens.widgets.inputs import Field
from tests.screens.driver import SCREEN_OF, Technician, at_step, protocol_of
from tests.support.machine import Machine

# Where something irreversible is behind it, Escape stays; elsewhere it leads here.
BACK = {
    Action.CREATE_KEYPAIR: "EnvironmentScreen",
    Action.CONFIRM: "EnrolmentScreen",
    Action.ACTIVATE: "IdentityScreen",
}
# The last step has one screen for three actions; that of an activation leaves by itself.
_PASSED = (Action.WRITE_DID, Action.FINISH, Action.READ_BACK)
WALK = [action for action in SCREEN_OF if action not in _PASSED]


async def settled(technician: Technician) -> Widget | None:
    await technician.until(lambda: not technician.app.busy, "to be idle")
    await technician.pilot.pause()
    await technician.pilot.pause()
    return technician.app.focused


def look(technician: Technician, widget: Widget) -> str:
    """How the row of `widget` is drawn, colours and all."""
    strips = technician.app.screen._compositor.render_strips()
    return repr(list(strips[technician.app.screen.find_widget(widget).region.y]))


@pytest.mark.parametrize("action", WALK, ids=lambda action: action.name.lower())
async def test_focus_tab_escape_and_help_are_alike_on_every_screen(
    machine: Machine, action: Action
) -> None:
    machine.protocol = protocol_of(action)
    async with at_step(machine, action) as technician:
        place = SCREEN_OF[action]
        first = await settled(technician)
        # The answer is what these ask for.
        choosing = action in (Action.BACK_UP_KEYPAIR, Action.CHOOSE_TIER)
        if technician.visible("#primary"):
            assert first is not None, "nothing has the focus"
            needed = isinstance(first, Field) and not first.value
            assert needed or choosing or first.id == "primary", first
        # Tab goes through all that takes a focus, and comes back.
        chain = technician.app.screen.focus_chain
        seen = []
        for _ in chain:
            seen.append(technician.app.focused)
            await technician.press("tab")
        assert set(seen) == set(chain)
        assert technician.app.focused is first
        # Help opens with F1 everywhere, and with ? where it is no letter of a field.
        for key in ("f1", "question_mark"):
            if key == "question_mark" and isinstance(technician.app.focused, Field):
                continue
            await technician.press(key)
            await technician.until(lambda: technician.place == "HelpScreen", f"help by {key}")
            await technician.press("escape")
            await technician.until(lambda: technician.place == place, "help to close")
            assert technician.app.focused is first, "the focus did not come back"
        await technician.press("escape")
        await technician.on(BACK.get(action, place))


@pytest.mark.parametrize("theme", [FULL, ANSI], ids=lambda theme: theme.name)
@pytest.mark.parametrize("action", [Action.CHECK_ENVIRONMENT, Action.BACK_UP_KEYPAIR, Action.FUND])
async def test_what_has_the_focus_looks_it_in_every_theme(
    machine: Machine, action: Action, theme: Theme
) -> None:
    async with at_step(machine, action) as technician:
        technician.app.theme = theme.name
        await settled(technician)
        for widget in technician.app.screen.focus_chain:
            technician.app.screen.set_focus(widget)
            await technician.pilot.pause()
            focused = look(technician, widget)
            technician.app.screen.set_focus(None)
            await technician.pilot.pause()
            assert look(technician, widget) != focused, f"{widget} does not show the focus"


async def test_the_button_reads_as_one_without_colours(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        technician.app.theme = ANSI.name
        await technician.sees("[ Request funds ]")


def test_help_explains_every_word_that_it_names() -> None:
    explained = [*OF_STEP.values(), *IN_ACTIVATION.values()]
    assert {word for _, words in explained for word in words} == set(WORDS)
    for word in ("bond", "gas", "DID", "Machine NFT"):
        assert word in WORDS


def test_help_of_a_step_names_a_key_only_where_plain_mode_leaves_it_out() -> None:
    key = re.compile(r"\bF\d\b|\bEsc\b|\bctrl\b|\bscreen\b", re.IGNORECASE)
    for text, _ in (*OF_STEP.values(), *IN_ACTIVATION.values()):
        assert not key.search(text)
    for text in KEYS_OF_STEP.values():
        assert key.search(text)
