"""What people see, screen by screen, kept as text: a change of it is read in review, not missed.

Renew them with `pytest tests/screens/test_snapshots.py --renew-snapshots`, and look at each
difference before it is committed. A run that renews something fails, so that it proves nothing.
"""

from __future__ import annotations

import contextlib
import difflib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.journal.next_action import Action
from tests.screens.driver import SCREEN_OF, ScreenClock, Technician, at_the_wizard
from tests.screens.plays import Scene
from tests.screens.scenes import SCENES
from tests.screens.stage import Stage

KEPT = Path(__file__).with_name("snapshots")
SIZES = ((80, 24), (120, 40))


@contextlib.contextmanager
def set_up(scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The stage before the curtain: same chance, same folder, a network of its own."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("secrets.token_hex", lambda length=32: "5e" * length)
    monkeypatch.setattr("secrets.token_urlsafe", lambda length=32: "qr" * (length // 2))
    monkeypatch.setattr("screens.backup._source", lambda path: f"tech@arm-7:{path}")
    monkeypatch.setattr("uuid.uuid4", lambda: "5e5e5e5e-0000-4000-8000-000000000000")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    clock = ScreenClock()
    with RehearsalNetwork(now=clock.now) as network:
        stage = Stage(network, clock)
        if scene.action not in (Action.CHECK_ENVIRONMENT, Action.CREATE_KEYPAIR):
            stage.with_key()
        scene.arrange(stage)
        yield stage


@contextlib.asynccontextmanager
async def played(scene: Scene, stage: Stage) -> AsyncIterator[Technician]:
    """The scene as it is looked at, with nothing moving any more."""
    await stage.drive(until=scene.action)
    engine = None if scene.again else stage.now_open
    scene.meanwhile(stage)
    async with at_the_wizard(stage, engine=engine, pretend=scene.pretend) as technician:
        if scene.meanwhile is Scene.meanwhile and not stage.held:
            await technician.on(SCREEN_OF[scene.action])
            await technician.until(lambda: technician.app.focused, "a focus")
        await scene.play(technician)
        await at_rest(technician)
        yield technician
        stage.released.set()
        stage.unseen, stage.time.standing = False, False
        stage.clock.advance(3600)


async def at_rest(technician: Technician) -> None:
    """Until two looks, with everything that was due done between them, see the same."""
    before = ""
    while before != technician.text:
        before = technician.text
        await technician.until(technician._button_is_up, "the button to be drawn as up again")
        for _ in range(3):
            await technician.pilot.pause()


def seen(technician: Technician) -> str:
    """The text of the screen; the modules of a QR code as one shade, for they are no text.

    That a phone reads them has tests of its own.
    """
    rows = technician.text.splitlines()
    for code in technician.app.screen.query("QrCode"):
        x, y, width, height = code.region
        for row in range(y, y + height):
            line = rows[row].ljust(x + width)
            rows[row] = (line[:x] + "░" * width + line[x + width :]).rstrip()
    return "\n".join(rows) + "\n"


def compare(name: str, shown: str, *, renew: bool) -> str:
    """Nothing, or how `shown` differs from what is kept."""
    path = KEPT / f"{name}.txt"
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if shown == kept:
        return ""
    if renew:
        KEPT.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    rows = difflib.unified_diff(
        kept.splitlines(), shown.splitlines(), f"kept {path.name}", "shown now", lineterm=""
    )
    return "\n".join([*rows, "", "(renewed)" if renew else "(--renew-snapshots takes it over)"])


@pytest.mark.usefixtures("quick_keystore", "typing_by_paste")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_screen_looks_as_it_was_approved(
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    renew = bool(request.config.getoption("--renew-snapshots"))
    differences = []
    with set_up(scene, tmp_path, monkeypatch) as stage:
        async with played(scene, stage) as technician:
            for width, height in SIZES:
                await technician.pilot.resize_terminal(width, height)
                await at_rest(technician)
                rows = technician.text.splitlines()
                assert len(rows) <= height
                assert max(map(len, rows)) <= width
                name = f"{scene.name}.{width}x{height}"
                shown = seen(technician)
                differences.append(compare(name, shown, renew=renew))
        await stage.close()
    changed = [difference for difference in differences if difference]
    if changed:
        pytest.fail("\n\n".join(changed), pytrace=False)


def test_no_snapshot_is_kept_of_what_is_not_looked_at(request: pytest.FixtureRequest) -> None:
    wanted = {f"{scene.name}.{width}x{height}.txt" for scene in SCENES for width, height in SIZES}
    left_over = {path.name for path in KEPT.iterdir()} - wanted
    if request.config.getoption("--renew-snapshots"):
        for name in left_over:
            (KEPT / name).unlink()
    assert not left_over
