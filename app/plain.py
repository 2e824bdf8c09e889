"""The wizard line by line: the same engine, the same journal, no cursor and no colour needed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, cast

from app.answers import AnswerError, Answers, MissingAnswer
from app.console import Console
from app.qr_lines import qr_lines
from core.amounts import peaq
from core.checks import Check, Light, essential_red
from core.did import VISIBILITIES, check_details, peaq_id
from core.errors import (
    EXIT_DONE,
    EXIT_STOPPED,
    EXIT_WAITING,
    OnboardingError,
    exit_code,
    fault,
)
from core.key_source import KeySource
from core.onboarding import Onboarding
from core.receipt import read_receipt, receipt_lines
from core.secrets import Secret
from core.state import Action, Details
from core.steps import Step
from core.text import grouped
from core.totp import Enrolment
from screens.widgets.marks import blocks
from screens.wizard import Pretend

_LIGHTS = {Light.GREEN: "ok  ", Light.AMBER: "note", Light.RED: "BAD ", Light.PENDING: "    "}
_SOON = 45.0
"""Seconds up to which a fresh code, or the end of a cooldown, is waited for without leaving."""
_TRIES = 5
"""How often an answer that was given ahead is tried again before the program leaves."""


class PlainWizard:
    def __init__(
        self,
        engine: Onboarding,
        answers: Answers,
        console: Console,
        pretend: Pretend | None = None,
    ) -> None:
        self.engine = engine
        self.answers = answers
        self.console = console
        self.pretend = pretend
        self._shown_step: Step | None = None
        self._failures = 0
        engine.session.book.listener = console

    async def run(self) -> int:
        """Goes on until all is done or somebody has to act; the exit code."""
        handlers: dict[Action, Callable[[], Awaitable[None]]] = {
            Action.CHECK_ENVIRONMENT: self._environment,
            Action.CREATE_KEYPAIR: self._keypair,
            Action.BACK_UP_KEYPAIR: self._backup,
            Action.MEASURE_NEED: self.engine.measure,
            Action.ENROL: self._enrol,
            Action.CONFIRM: self._confirm,
            Action.FUND: self._fund,
            Action.REGISTER: self._register,
            Action.MINT: self._mint,
            Action.WRITE_DID: self._write_did,
            Action.FINISH: self._finish,
        }
        try:
            if self.engine.state.keypair and self.engine.action is not Action.NOTHING:
                if self.engine.state.open_transactions and self.answers.passphrase_file:
                    await self._unlock()  # what is stuck can then be given a higher fee
                await self.engine.reconcile()
            while self.engine.action is not Action.NOTHING:
                self._announce()
                try:
                    await handlers[self.engine.action]()
                    self._failures = 0
                except OnboardingError as error:
                    code = await self._failed(error)
                    if code is not None:
                        return code
        except OnboardingError as error:
            self.console.problem(error.problem)
            return exit_code(error.problem.kind)
        except MissingAnswer as missing:
            self.console.say(f"{missing} is missing, and --no-input forbids to ask for it.")
            return EXIT_STOPPED
        except AnswerError as error:
            self.console.say(str(error))
            return EXIT_STOPPED
        except EOFError:
            self.console.say("\nThe input has ended. Nothing is lost; start again to go on.")
            return self._left()
        self._receipt()
        return EXIT_DONE

    def _announce(self) -> None:
        step = self.engine.action.step
        if step is not None and step is not self._shown_step:
            self._shown_step = step
            self.console.say(f"\nStep {step.value} of {len(Step)}: {step.info.title}")
            self.console.paragraph(step.info.purpose)

    def _left(self) -> int:
        state = self.engine.state
        waiting = state.failure and state.failure.problem.remaining(self.engine.clock.now())
        return EXIT_WAITING if waiting or state.open_transactions else EXIT_STOPPED

    async def _failed(self, error: OnboardingError) -> int | None:
        """Says what went wrong; the exit code to leave with, or None to try again."""
        problem = error.problem
        self.console.problem(problem)
        self._failures += 1
        if problem.code == "CODE_USED":
            await self._pause(float(problem.params.get("seconds", "30")))
            return None
        left = problem.remaining(self.engine.clock.now()).total_seconds()
        if 0 < left <= _SOON:
            await self._pause(left)
            return None if self._failures <= _TRIES else EXIT_WAITING
        if left > 0:
            return EXIT_WAITING
        if self.answers.no_input:
            return exit_code(problem.kind)
        typed = self.console.ask("", "Enter tries again, q leaves").lower()
        return exit_code(problem.kind) if typed.startswith("q") else None

    async def _pause(self, seconds: float) -> None:
        self.console.say(f"... waiting {seconds:.0f} s")
        await self.engine.clock.sleep(seconds)

    async def _environment(self) -> None:
        details = self._details()

        def report(check: Check) -> None:
            self.console.say(f"  {_LIGHTS[check.light]} {check.title:<17} {check.text}")

        checks = await self.engine.check_environment(report)
        red = essential_red(checks)
        if red is not None and red.problem is not None:
            raise OnboardingError(red.problem)
        await self.engine.pass_environment(details)

    def _details(self) -> Details:
        known = self.engine.state.details or Details()
        given = self.answers
        while True:
            url = given.documentation_url or self.console.ask(
                "--documentation-url", "Documentation URL", known.documentation_url
            )
            api = given.data_api or self.console.ask("--data-api", "Data API", known.data_api)
            visibility = given.data_visibility or self.console.ask(
                "--data-visibility",
                f"Data visibility ({', '.join(VISIBILITIES)})",
                known.data_visibility,
            )
            known = Details(url, api, visibility)
            faults = check_details(known)
            if not faults:
                return known
            self.console.problem(faults[0])
            if given.no_input or (given.documentation_url and given.data_api):
                raise AnswerError("The details given ahead cannot be used.")

    async def _keypair(self) -> None:
        kept = (self.engine.session.folder / "keystore.json").exists()
        ways = [
            ("generate", "make a new key"),
            ("environment", "use PEAQOS_PRIVATE_KEY"),
            ("PATH", "a file with a keystore V3 or a hex key"),
        ]
        if kept:
            ways.insert(0, ("keep", "open the keystore that is in the state folder"))
        way = self.answers.key or self.console.ask_choice("--key", "The key", ways)
        if way == "PATH":
            way = self.console.ask("--key", "Path of the file")
        passphrase = self._passphrase(twice=way in ("generate", "environment"))
        if way in ("generate", "environment", "keep"):
            source = KeySource(cast(Literal["generate", "environment", "keep"], way))
        else:
            source = KeySource("import", path=_path_of(way), path_passphrase=passphrase)
        brought = None
        if source.way in ("import", "environment"):
            brought = await self.engine.preview_key(source)
            self.console.say(f"It is the key of {brought.address}")
            self._consent("Is this the right one?")
        address = await self.engine.create_keypair(source, passphrase, brought=brought)
        self.console.result(f"address {address}")
        self.console.result(f"keystore {self.engine.session.folder / 'keystore.json'}")

    def _passphrase(self, *, twice: bool) -> Secret:
        given = self.answers.passphrase()
        if given is not None:
            return given
        typed = self.console.ask_secret("--passphrase-file", "Passphrase")
        if twice and typed != self.console.ask_secret("--passphrase-file", "Once more"):
            raise fault("PASSPHRASES_DIFFER")
        return typed

    async def _backup(self) -> None:
        keypair = self.engine.state.keypair
        if keypair is not None:
            self.console.say(f"Copy {self.engine.session.folder / 'keystore.json'} elsewhere now.")
            self.console.say(f"sha256 {keypair.keystore_sha256}")
        way = self.answers.backup or self.console.ask_choice(
            "--backup", "Backup", [("copied", "I have copied the file"), ("none", "no backup")]
        )
        await self.engine.back_up(cast(Literal["copied", "none"], way))

    async def _enrol(self) -> None:
        if self.answers.fund in ("owner", "manual"):
            await self.engine.choose_way(self.answers.fund)
            return
        if self.answers.no_input and not self.answers.code_command and not self.pretend:
            raise MissingAnswer("--code-command")
        enrolment = await self.engine.enrol()
        if enrolment is None:
            self.console.say("This owner has set up 2FA before; its codes are used.")
            return
        if self.answers.code_command:
            await asyncio.to_thread(self.answers.code, enrolment.uri)
        elif not self.pretend or not self.answers.no_input:
            self._show_enrolment(enrolment)
        await self.engine.enrolment_shown()

    def _show_enrolment(self, enrolment: Enrolment) -> None:
        question, inverted = "Enter when it is in the app", False
        drawn = self.answers.qr and blocks()
        if drawn:
            question += ", i swaps dark and light"
        typed = "i"
        while typed == "i":
            if drawn:
                self.console.say("\n".join(qr_lines(enrolment.uri, inverted=inverted)))
                self.console.say("Scan it with an authenticator app, or type this secret into it:")
            else:
                self.console.say("In an authenticator app, type this secret:")
            self.console.say(f"  {grouped(enrolment.secret.reveal())}")
            self.console.say(f"  {enrolment.label}")
            typed, inverted = self.console.ask("", question).lower(), not inverted
        if typed == "q":
            raise EOFError

    async def _code(self) -> str:
        given = await asyncio.to_thread(self.answers.code)
        if given is not None:
            return given
        if self.pretend:
            shown = self.pretend.code(self.engine.state.address or "")
            if shown and self.answers.no_input:
                return shown[0]
            if shown:
                self.console.say(f"Pretend phone: {shown[0]}, for {shown[1]} s")
        return self.console.ask("--code-command", "Code from the authenticator")

    async def _confirm(self) -> None:
        await self.engine.confirm(await self._code())

    async def _fund(self) -> None:
        way = self.answers.fund
        if way and way != self.engine.state.way:
            await self.engine.choose_way(way)
            return
        balance = await self.engine.look_at_balance()
        if not balance.missing:
            return
        token = self.engine.settings.network.token
        self.console.say(
            f"needed {peaq(balance.needed, up=True)}, held {peaq(balance.held)}, "
            f"missing {peaq(balance.missing, up=True)} {token}"
        )
        if self.engine.state.way == "gas-station":
            await self.engine.ask_gas_station(await self._code())
        elif self.engine.state.way == "owner":
            await self._from_owner()
        else:
            await self._by_hand(balance.missing)

    async def _from_owner(self) -> None:
        quote = await self.engine.quote_owner()
        self.console.say(
            f"{peaq(quote.amount, up=True)} and a fee of at most {peaq(quote.fee, up=True)} "
            f"go from {quote.owner} to {self.engine.state.address}."
        )
        self._consent("Send it?", word="send")
        await self.engine.pay_from_owner(agreed=quote.amount)

    async def _by_hand(self, missing: int) -> None:
        address = self.engine.state.address or ""
        token = self.engine.settings.network.token
        self.console.say(f"Send {peaq(missing, up=True)} {token} to this address:")
        self.console.result(f"send {peaq(missing, up=True)} {token} to {address}")
        if self.engine.settings.network.faucet_url:
            self.console.say(f"Test money: {self.engine.settings.network.faucet_url}")
        if self.pretend:
            self.console.say("Rehearsal: somebody sends it.")
            self.pretend.pay(address, missing)
        self.console.say("... waiting for it to arrive; ctrl+c leaves, and nothing is lost")
        pause = self.engine.settings.network.block_seconds
        ends = time.monotonic() + 600 if self.answers.no_input else None
        while (await self.engine.look_at_balance()).missing:
            if ends is not None and time.monotonic() > ends:
                raise fault(
                    "INSUFFICIENT_BALANCE",
                    needed=peaq(missing, up=True),
                    held="too little",
                    missing=peaq(missing, up=True),
                    token=token,
                    address=address,
                )
            await self.engine.clock.sleep(pause)

    async def _register(self) -> None:
        quote = await self.engine.quote()
        if quote is None:
            return
        network = self.engine.settings.network
        self.console.say(
            f"bond {peaq(quote.bond, up=True)}, fee at most {peaq(quote.fee, up=True)}, "
            f"left at least {peaq(max(quote.after, 0))} {network.token}"
        )
        self.console.say(f"network {quote.network}, contract {quote.contract}")
        limit = self.answers.accept_bond
        if limit is not None and quote.bond > limit:
            raise fault("BOND_NOT_ACCEPTED", bond=peaq(quote.bond, up=True), accepted=peaq(limit))
        if limit is None:
            self._consent("Sign and register?", word="register", option="--accept-bond")
        await self._unlock()
        await self.engine.register(agreed_bond=quote.bond)

    def _consent(self, question: str, *, word: str = "", option: str = "--yes") -> None:
        """Raises EOFError where it is refused. Real money wants the word, `--yes` or not."""
        real = self.engine.settings.network.real_money
        if self.answers.yes and not (real and word):
            return
        if real and word:
            typed = self.console.ask(option, f'{question} Type "{word}"')
            agreed = typed.lower() == word
        else:
            agreed = self.console.ask("--yes", question, "yes").lower() in ("y", "yes")
        if not agreed:
            raise EOFError

    async def _unlock(self) -> None:
        while not self.engine.unlocked:
            given = self.answers.passphrase()
            try:
                await self.engine.unlock(given or self._passphrase(twice=False))
            except OnboardingError as error:
                if error.code != "PASSPHRASE_WRONG" or given is not None:
                    raise
                self.console.problem(error.problem)

    async def _mint(self) -> None:
        registered = self.engine.state.registered
        if registered is not None:
            if registered.way == "found":
                self.console.say("AlreadyRegistered: the bond was paid earlier, not again.")
            self.console.result(f"machine {registered.machine_id}")
        await self._unlock()
        await self.engine.mint()

    async def _write_did(self) -> None:
        await self._unlock()
        await self.engine.write_did()

    async def _finish(self) -> None:
        await self.engine.finish()

    def _receipt(self) -> None:
        state = self.engine.state
        if state.address:
            self.console.result(f"\nThe machine is onboarded: {peaq_id(state.address)}")
        receipt = read_receipt(self.engine.session.folder)
        if receipt:
            lines = receipt_lines(receipt, self.engine.settings.network.token)
            self.console.result("\n".join(lines))


def _path_of(text: str) -> Path:
    return Path(text).expanduser()
