"""Make the pictures of the documents: drive the wizard through a rehearsal, one SVG per screen, and
one that shows them in turn.

Run it from the top folder: python docs/make_pictures.py
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PICTURES = TOP / "docs" / "pictures"
PLACE = Path("/tmp/arm-7")  # noqa: S108 # making it fails if it is there
"""A new folder, whose name the pictures show."""
sys.path.insert(0, str(TOP))
os.environ["COLORTERM"] = "truecolor"

from textual.pilot import Pilot

from app.rehearsal.faults import Fault
from app.rehearsal.network import RehearsalNetwork
from app.rehearsal.pretend import PretendPeople
from app.tui.wizard_app import WizardApp
from core.clock import SystemClock
from core.config.settings import load_settings
from core.journal.state import Details
from core.onboarding import Onboarding
from core.session import open_session

_PATIENCE = 60.0
"""Seconds for one thing to appear."""
FILM = (
    *("1-environment", "2-keypair", "2-backup", "3-enrolment", "4-confirmation", "5-funding"),
    *("6-registration", "6-waiting", "7-registered", "7-machine-nft", "8-receipt"),
)
"""The pictures of rehearsal.svg, in order."""
_FRAME = 2.5
"""Seconds for which each of them is shown."""
_FONTS = re.compile(r"@font-face \{.*?\}", re.DOTALL)
PASSPHRASE = "correct horse battery staple"


class Photographer:
    def __init__(self, app: WizardApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, condition: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + _PATIENCE
        while not condition():
            if loop.time() > end:
                raise TimeoutError(self.app.step_screen)
            await self.pilot.pause(0.05)

    async def on_screen(self, name: str) -> None:
        await self.until(lambda: type(self.app.step_screen).__name__ == name and not self.app.busy)
        await self.pilot.pause(0.4)

    async def take(self, name: str) -> None:
        svg = self.app.export_screenshot(title="peaq-onboard")
        # The picture is to load nothing from elsewhere.
        svg = "\n".join(line.rstrip() for line in _FONTS.sub("", svg).splitlines())
        (PICTURES / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")
        print(name)

    async def type(self, text: str) -> None:
        await self.pilot.press(*text)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def code(self, network: RehearsalNetwork, last: str = "") -> str:
        """The pretend phone's code, once it is another than `last`."""
        address = self.app.engine.state.address or ""
        await self.until(lambda: (network.current_code(address) or ("", 0))[0] not in ("", last))
        shown = network.current_code(address)
        return shown[0] if shown else ""


async def photograph(folder: Path, network: RehearsalNetwork) -> None:
    settings = load_settings(environ=network.environment(), env_file=folder / ".env")
    clock = SystemClock()
    session = open_session(folder / "machine", settings, clock)
    engine = Onboarding(session, settings, clock, version="0", available_memory=lambda: 0)
    app = WizardApp(
        engine,
        details=Details("https://example.com/arm-7", "https://example.com/arm-7/data", "public"),
        simulation=PretendPeople(network),
        watch_terminal=False,
    )
    async with app.run_test(size=(80, 24)) as pilot:
        camera = Photographer(app, pilot)
        await camera.on_screen("EnvironmentScreen")
        await camera.take("1-environment")
        await camera.press("enter")
        await camera.on_screen("KeypairScreen")
        await camera.type(PASSPHRASE)
        await camera.press("enter")
        await camera.type(PASSPHRASE)
        await camera.take("2-keypair")
        await camera.press("enter")
        await camera.on_screen("BackupScreen")
        await camera.press("right")
        await camera.take("2-backup")
        await camera.press("enter")
        await camera.on_screen("EnrolmentScreen")
        await camera.take("3-enrolment")
        await camera.press("enter")
        await camera.on_screen("ConfirmationScreen")
        await camera.take("4-confirmation")
        await photograph_money(camera, network)


async def photograph_money(camera: Photographer, network: RehearsalNetwork) -> None:
    """From the first code on: refused, paid by hand, registered, minted and written."""
    app, pilot, engine = camera.app, camera.pilot, camera.app.engine
    used = await camera.code(network)
    await camera.type(used)
    await camera.press("enter")
    await camera.on_screen("FundingScreen")
    await camera.take("5-funding")
    used = await camera.code(network, used)
    await camera.type(used)
    await camera.press("enter")
    await camera.until(lambda: engine.problem is not None and not app.busy)
    await camera.take("5-rate-limited")
    await camera.press("f3")
    await camera.on_screen("FundingScreen")
    await camera.take("5-by-hand")
    await camera.press("f8")
    await camera.on_screen("RegistrationScreen")
    await camera.take("6-registration")
    await camera.press("f1")
    await camera.until(lambda: type(app.screen).__name__ == "HelpScreen")
    await camera.take("6-help")
    await camera.press("escape")
    await camera.on_screen("RegistrationScreen")
    await camera.press("enter")
    await camera.until(lambda: app.wait is not None)
    await pilot.pause(1.2)
    await camera.take("6-waiting")
    await camera.on_screen("MachineNftScreen")
    await camera.take("7-registered")
    await camera.press("escape")  # any key ends the moment
    await pilot.pause(0.4)
    await camera.take("7-machine-nft")
    await pilot.pause(1.2)  # Enter signs only after the screen has been up for a second
    await camera.press("enter")
    await camera.on_screen("ReceiptScreen")
    await camera.take("8-receipt")


def make_film() -> None:
    """Write rehearsal.svg: all frames on top of each other, one visible at a time. Where motion is
    unwanted, the last one stays.
    """
    opening, frames = "", []
    for number, name in enumerate(FILM):
        svg = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
        opening, _, inner = svg.partition(">")
        inner = inner.rstrip().removesuffix("</svg>")
        frames.append(f'<g class="frame" style="animation-delay:{number * _FRAME}s">{inner}</g>')
    style = (
        f".frame {{opacity:0;animation:film {len(FILM) * _FRAME}s step-end infinite}} "
        f"@keyframes film {{0% {{opacity:1}} {100 / len(FILM)}% {{opacity:0}}}} "
        "@media (prefers-reduced-motion: reduce) {.frame {animation:none} "
        ".frame:last-child {opacity:1}}"
    )
    film = "\n".join([f"{opening}>", f"<style>{style}</style>", *frames, "</svg>", ""])
    (PICTURES / "rehearsal.svg").write_text(film, encoding="utf-8")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    # What the pictures show of the machine that makes them.
    os.environ["LOGNAME"], socket.gethostname = "tech", lambda: "arm-7"
    PLACE.mkdir()
    try:
        faults = [Fault("rate-limited", 1)]
        with RehearsalNetwork(block_time=3.0, faults=faults) as network:
            asyncio.run(photograph(PLACE, network))
    finally:
        shutil.rmtree(PLACE)
    make_film()


if __name__ == "__main__":
    main()
