"""80x24 shows what to do next, whatever has happened; smaller and changing windows do no harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.errors.problem import OnboardingError
from core.errors.surfaces import SCREEN
from core.journal.next_action import Action
from screens.widgets.inputs import Row
from tests.screens.driver import SCREEN_OF, Technician, at_step, at_the_wizard
from tests.support.machine import Machine

# What stands on the first row of keys, and the widgets that other programs and tests rely on.
PLACES = {
    Action.CHECK_ENVIRONMENT: ("#documentation-url", "#data-api", "#data-visibility"),
    Action.CREATE_KEYPAIR: ("#passphrase", "#passphrase-again"),
    Action.BACK_UP_KEYPAIR: (),
    Action.ENROL: (),
    Action.CONFIRM: ("#code",),
    Action.FUND: ("#code",),
    Action.REGISTER: (),
    Action.MINT: ("#documentation-url", "#data-api", "#data-visibility"),
    Action.WRITE_DID: ("#documentation-url", "#data-api", "#data-visibility"),
    Action.NOTHING: (),
}


async def settle(technician: Technician) -> None:
    await technician.until(lambda: not technician.app.busy, "to be idle")
    await technician.pilot.pause()


def shows_the_next_step(technician: Technician) -> None:
    """The button, or where the QR code needs its rows, the keys; always the keys."""
    assert technician.visible("#keys")
    assert technician.visible("#wait")
    assert technician.visible("#primary"), technician.text
    rows = technician.text.splitlines()
    # Where nothing is chosen, or a wait is not over, Enter would be refused.
    shown = technician.step_screen.problem
    asks = technician.place == "BackupScreen" or (shown is not None and shown.until is not None)
    assert asks or rows[-1].startswith(" Enter "), rows[-1]
    assert "Ctrl+Q quit" in rows[-1], "nobody learns how to leave"
    assert all(len(row) <= 80 for row in rows)


@pytest.mark.parametrize("action", PLACES, ids=lambda action: action.name.lower())
async def test_80x24_shows_the_next_step_without_scrolling(
    machine: Machine, action: Action
) -> None:
    # A rehearsal has one line more than the real thing.
    async with at_step(machine, action, pretend=True) as technician:
        await settle(technician)
        if action is Action.REGISTER:
            await technician.sees("Enter sign and register")
        shows_the_next_step(technician)
        for selector in PLACES[action]:
            assert technician.visible(selector), selector
        # Help, and back: on every screen, with both keys.
        await technician.press("f1")
        await technician.until(lambda: technician.place == "HelpScreen")
        step = technician.step_screen.step
        await technician.sees(f"{step.value} of 7: {step.info.title}")
        await technician.press("escape")
        await technician.until(lambda: technician.place == SCREEN_OF[action])


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        (Action.ENROL, "gas-station-html"),
        (Action.CONFIRM, "locked"),
        (Action.FUND, "skipped-but-poor"),
        (Action.FUND, "duplicate-request"),
        (Action.FUND, "owner-cap"),
        (Action.REGISTER, "rpc-html"),
        (Action.MINT, "rpc-down"),
    ],
)
async def test_80x24_shows_a_fault_its_remedy_and_the_next_step_at_once(
    machine: Machine, action: Action, fault: str
) -> None:
    await machine.drive(until=action)
    machine.network.fault(fault)
    with pytest.raises(OnboardingError):
        await machine.step()
    async with at_the_wizard(machine, engine=machine.now_open, pretend=True) as technician:
        if not fault.startswith("rpc"):
            machine.network.fault(fault, 0)
        await technician.until(lambda: technician.card, "the problem")
        await settle(technician)
        problem = technician.app.engine.problem
        assert problem is not None
        await technician.sees(problem.title)
        await technician.sees(problem.cause)
        await technician.sees(problem.remedy(SCREEN))
        shows_the_next_step(technician)


@pytest.mark.parametrize(
    "size", [(120, 40), (40, 12), (10, 3)], ids=lambda size: "x".join(map(str, size))
)
async def test_an_onboarding_is_finished_in_a_window_of_any_size(
    machine: Machine, size: tuple[int, int]
) -> None:
    async with at_the_wizard(machine, size=size) as technician:
        for _ in range(14):
            await technician.until(
                lambda: not technician.app.busy and technician.place != "ResumeScreen", "idle"
            )
            if technician.place == "ReceiptScreen":
                break
            before = technician.app.screen
            if technician.place == "RegistrationScreen":
                await settle(technician)
                await technician.until(lambda: technician.step_screen.quote, "the quote")
                await technician.press("enter")
            else:
                await technician.step()
            await technician.until(
                lambda before=before: technician.app.screen is not before, "the next screen"
            )
        assert technician.place == "ReceiptScreen"
        await technician.press("enter")
        await technician.until(lambda: technician.app.return_value is not None)
        assert technician.app.return_value == 0


@pytest.mark.parametrize(
    "action", [Action.CHECK_ENVIRONMENT, Action.ENROL, Action.FUND, Action.NOTHING]
)
async def test_a_storm_of_new_window_sizes_is_survived(machine: Machine, action: Action) -> None:
    async with at_step(machine, action) as technician:
        sizes = [(120, 40), (40, 12), (10, 3), (1, 1), (300, 80), (80, 5), (20, 24), (2, 60)]
        for width, height in sizes * 2:
            await technician.pilot.resize_terminal(width, height)
        await technician.pilot.resize_terminal(80, 24)
        await settle(technician)
        await technician.until(lambda: technician.visible("#keys"), "the keys again")
        shows_the_next_step(technician)


async def test_blocks_that_take_their_time_are_waited_for_in_words(
    machine: Machine,
) -> None:
    """slow-blocks: what is waited for stands there with its seconds, until the block comes."""
    with RehearsalNetwork(now=machine.clock.now, block_time=3600.0) as slow:
        machine.network = slow
        machine.environ = slow.environment()
        machine.clock.while_asleep = _mining(slow)
        await machine.drive(until=Action.REGISTER)
        seen: list[str] = []
        async with at_the_wizard(machine, engine=machine.now_open) as technician:
            await technician.on("RegistrationScreen")
            await technician.sees("Enter sign and register")
            app = technician.app
            told = app.on_wait

            def note(wait: object) -> None:
                seen.append(getattr(wait, "what", ""))
                told(wait)  # type: ignore[arg-type]

            app.on_wait = note  # type: ignore[method-assign]
            await technician.press("enter")
            await technician.on("MachineNftScreen")
        machine.clock.while_asleep = None
        await machine.close()
    assert any("registration" in what.lower() for what in seen), seen


def _mining(slow: RehearsalNetwork) -> Callable[[float], None]:
    slept = [0.0]

    def while_asleep(seconds: float) -> None:
        slept[0] += seconds
        if slept[0] >= 6:
            slept[0] = 0.0
            slow.mine()

    return while_asleep


async def test_where_two_columns_are_too_narrow_a_field_stands_below_its_name(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.FUND, size=(40, 24)) as technician:
        code = technician.field("#code")
        row = code.parent
        assert isinstance(row, Row)
        assert code.region.y == row.region.y + 1
        assert "Code" in technician.text.splitlines()[row.region.y]
        assert technician.app.screen.query_one("#money").region.height == 1
        await technician.pilot.resize_terminal(80, 24)
        await technician.until(lambda: code.region.y == row.region.y, "one line for both")
