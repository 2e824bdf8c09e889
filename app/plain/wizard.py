"""The wizard line by line: the same engine, the same journal, no cursor and no colour needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from app.answers import Answers, MissingAnswer
from app.plain.activation import ActivationPrompts
from app.plain.console import Console, EndlessInput
from app.plain.funding import WRONG_CODES, FundingPrompts
from app.plain.keypair import KeyPrompts
from app.plain.patience import Patience
from app.plain.presets import Presets
from app.plain.prompts import NotAgreed, Prompts
from app.say import SIGNS
from core.amounts import format_peaq
from core.chain.did import VISIBILITIES, check_details
from core.consents import check_accepted
from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED, EXIT_WAITING, exit_code
from core.errors.problem import OnboardingError, Problem, fault
from core.journal.next_action import Action, step_statuses
from core.journal.state import Details
from core.onboarding import Onboarding
from core.preflight.check import CheckResult, first_failed
from core.receipt.document import read_receipt
from core.receipt.text import receipt_lines
from core.step import Step, StepStatus
from screens.protocols import Simulation

_DETAILS = (
    ("documentation_url", "--documentation-url", "Documentation URL"),
    ("data_api", "--data-api", "Data API"),
    ("data_visibility", "--data-visibility", f"Data visibility ({', '.join(VISIBILITIES)})"),
)


class PlainWizard(Prompts):
    def __init__(
        self,
        engine: Onboarding,
        answers: Answers,
        console: Console,
        pretend: Simulation | None = None,
    ) -> None:
        super().__init__(engine, answers, console)
        self._keys = KeyPrompts(engine, answers, console)
        self._funding = FundingPrompts(engine, answers, console, pretend)
        self._activation = ActivationPrompts(engine, answers, console, self._keys)
        self._shown_step: Step | None = None
        self._said_skipped: set[Step] = set()
        self._patience = Patience(engine.clock, answers, console)
        engine.session.store.listener = console
        console.protocol = engine.settings.protocol

    async def run(self) -> int:
        """Continue until everything is done or the user has to act; return the exit code."""
        handlers: dict[Action, Callable[[], Awaitable[None]]] = {
            Action.CHECK_ENVIRONMENT: self._environment,
            Action.CREATE_KEYPAIR: self._keys.keypair,
            Action.BACK_UP_KEYPAIR: self._keys.backup,
            Action.MEASURE_NEED: self.engine.measure,
            Action.ENROL: self._funding.enrol,
            Action.CONFIRM: self._funding.confirm,
            Action.FUND: self._funding.fund,
            Action.REGISTER: self._register,
            Action.MINT: self._mint,
            Action.WRITE_DID: self._write_did,
            Action.CHOOSE_TIER: self._activation.choose_tier,
            Action.DESCRIBE: self._activation.describe,
            Action.ACTIVATE: self._activation.activate,
            Action.READ_BACK: self._activation.read_back,
            Action.FINISH: self._finish,
        }
        if not self.answers.no_input:
            self.console.say("Type ? at a question for help. Ctrl+C quits; progress is saved.")
        if self.answers.no_input and self.engine.action is not Action.NOTHING:
            code = self._check_presets()
            if code is not None:
                return code
        try:
            if self.engine.state.keypair and self.engine.action is not Action.NOTHING:
                code = await self._reconcile()
                if code is not None:
                    return code
            while self.engine.action is not Action.NOTHING:
                try:
                    await self._funding.take_way_ahead()
                    self._announce()
                    await self._before_money()
                    await handlers[self.engine.action]()
                    self._patience.progressed()
                    self.console.taken()
                except OnboardingError as error:
                    code = await self._failed(error)
                    if code is not None:
                        return code
        except OnboardingError as error:
            self.console.problem(error.problem)
            return exit_code(error.problem.kind)
        except MissingAnswer as missing:
            self.console.say(f"{missing} is missing. With --no-input, the wizard does not ask.")
            return EXIT_STOPPED
        except NotAgreed:
            self.console.say("You did not agree, so nothing was done. Start again to continue.")
            return self._left()
        except EndlessInput as endless:
            self.console.say(f"\n{endless} Stopping. All progress is saved.")
            return self._left()
        except EOFError:
            self.console.say("\nThe input ended. All progress is saved; start again to resume.")
            return self._left()
        self._receipt()
        return EXIT_DONE

    def _check_presets(self) -> int | None:
        """Name all answers that are missing or unusable; the exit code where there are any."""
        presets = Presets(self.answers, self.engine, simulated_phone=self._funding.simulated_phone)
        missing, unusable = presets.missing(), presets.unusable()
        for problem in unusable:
            self.console.problem(problem)
        for variable, address in self.engine.contracts_to_accept.items():
            self.console.say(f"{variable} {address} is not the network's own contract.")
        if missing:
            *others, last = missing
            names = f"{', '.join(others)} and {last} are" if others else f"{last} is"
            asking = "for them" if others else "for it"
            self.console.paragraph(
                f"{names} missing. With --no-input, the wizard does not ask {asking}."
            )
            return EXIT_STOPPED
        return exit_code(unusable[0].kind) if unusable else None

    async def _before_money(self) -> None:
        """Check presets before anything is paid if they would stop the run later."""
        if self.engine.action not in (Action.ENROL, Action.CONFIRM, Action.FUND):
            return
        need = self.engine.state.need
        if need is not None:
            self._check_accepted(need.bond)
        if self.answers.passphrase_file and not self.engine.unlocked:
            await self._keys.unlock()

    def _check_accepted(self, bond: int) -> None:
        """Raises OnboardingError (BOND_NOT_ACCEPTED)."""
        check_accepted(self.engine.settings.network.token, bond, self.answers.accept_bond)

    def _announce(self) -> None:
        step = self.engine.action.step
        if step is not None and step is not self._shown_step:
            self._shown_step = self.console.step = step
            self._say_skipped()
            self.console.say(f"\nStep {step.value} of {len(Step)}: {step.info.title}")
            protocol = self.engine.settings.protocol
            self.console.paragraph(step.info.purpose_under(protocol))

    def _say_skipped(self) -> None:
        statuses = step_statuses(self.engine.state, self.engine.clock.now())
        for step, status in statuses.items():
            if status is StepStatus.SKIPPED and step not in self._said_skipped:
                self._said_skipped.add(step)
                self.console.say(f"\nStep {step.value} of {len(Step)}: {step.info.title}")
                self.console.say(f"Not needed: {step.info.skipped_when}.")

    def _left(self) -> int:
        state = self.engine.state
        waiting = state.failure and state.failure.problem.remaining(self.engine.clock.now())
        return EXIT_WAITING if waiting or state.open_transactions else EXIT_STOPPED

    async def _reconcile(self) -> int | None:
        """Settle what the run before has left open; the exit code if that cannot be done now."""
        asked = self.answers.passphrase_file or not self.answers.no_input
        if self.engine.state.open_transactions and asked:
            await self._keys.unlock()  # so that a stuck transaction can be given a higher fee
        while True:
            try:
                await self.engine.reconcile()
            except OnboardingError as error:
                if self._can_agree(error.problem):
                    code = await self._failed(error)
                    if code is not None:
                        return code
                    continue
                self.console.problem(error.problem)
                if not await self._patience.outlasts(error.problem, self.engine.state):
                    return self._patience.exit_code(error.problem)
            else:
                self._patience.progressed()
                return None

    async def _failed(self, error: OnboardingError) -> int | None:
        """Says what went wrong; the exit code to leave with, or None to try again."""
        problem = error.problem
        self.console.problem(problem)
        if self._can_agree(problem):
            return self._ask_about_fee(problem)
        if await self._patience.outlasts(problem, self.engine.state):
            return None
        code = self._patience.exit_code(problem)
        if self.answers.no_input or problem.remaining(self.engine.clock.now()):
            return code
        self.console.refused()
        if problem.code in WRONG_CODES:
            return None  # to the code prompt: a code typed at another one would be lost
        typed = self.console.ask("", "Enter retries, q quits").lower()
        return code if typed.startswith("q") else None

    def _can_agree(self, problem: Problem) -> bool:
        """Whether a person can be asked about a higher fee; no preset agrees to one."""
        return problem.code == "FEE_TOO_HIGH" and not self.answers.no_input

    @property
    def _consents_ahead(self) -> bool:
        """Whether registering asks nobody."""
        real = self.engine.settings.network.real_money
        return self.answers.accept_bond is not None or (self.answers.yes and not real)

    def _ask_about_fee(self, problem: Problem) -> int | None:
        """The exit code to leave with, or None to try again."""
        self.console.refused()
        unsigned = not self.engine.state.open_transactions
        quotes = self.engine.action in (Action.REGISTER, Action.ACTIVATE)
        if quotes and unsigned and not self._consents_ahead:
            # The next try shows bond and fee, and asks.
            typed = self.console.ask("", "Enter shows the new fee, q quits").lower()
            return exit_code(problem.kind) if typed.startswith("q") else None
        most = f"{problem.params['now']} {self.engine.settings.network.token}"
        question = f'Type "agree" for a maximum fee of {most}; Enter retries, q quits'
        typed = self.console.ask("", question).lower()
        if typed == "agree":
            self.engine.agree_to_fee(problem)
        return exit_code(problem.kind) if typed.startswith("q") else None

    async def _environment(self) -> None:
        self.accept_protocol()
        details = self._details()

        def report(check: CheckResult) -> None:
            self.console.say(f"  {SIGNS[check.status]} {check.title:<17} {check.text}")

        failed = first_failed(await self.engine.check_environment(report))
        if failed is not None and failed.problem is not None:
            raise OnboardingError(failed.problem)
        await self.engine.pass_environment(details)

    def _details(self) -> Details:
        """Each is checked when it is there, and asked for again where it cannot be used."""
        details = self.engine.state.details or Details()
        for name, option, question in _DETAILS:
            known = getattr(details, name)
            value = getattr(self.answers, name) or self.console.ask(option, question, known)
            while found := _fault_of(details, name, value):
                self.console.problem(found)
                if self.answers.no_input:
                    raise fault("ANSWER_UNUSABLE", reason="A detail of the machine is not valid.")
                self.console.refused()
                value = self.console.ask(option, question, known)
            details = replace(details, **{name: value})
        return details

    async def _register(self) -> None:
        quote = await self.engine.quote(accepted=self.answers.accept_bond)
        if quote is None:
            return
        network = self.engine.settings.network
        self.console.say(
            f"bond {format_peaq(quote.bond, up=True)}, "
            f"maximum fee {format_peaq(quote.fee, up=True)}, "
            f"balance after at least {format_peaq(max(quote.after, 0))} {network.token}"
        )
        self.console.say("The maximum fee covers this transaction and all remaining ones.")
        mark = self.engine.settings.contract_mark(quote.contract)
        contract = f"{quote.contract} ({mark})" if mark else quote.contract
        self.console.say(f"network {quote.network}, contract {contract}")
        if quote.single:
            self.console.say(
                "One transaction registers the machine, mints the Machine NFT and writes the DID."
            )
        elif quote.refused:
            self.console.say(f"This network rejects the combined transaction: {quote.refused}")
        self.accept_contracts()
        if self.answers.accept_bond is None:
            self.consent("Sign and register?", word="register", option="--accept-bond")
        price, agreed = quote.price, self.engine.agreed_price
        if agreed and self._consents_ahead:
            price = min(price, agreed)
        await self._keys.unlock()
        await self.engine.register(agreed_bond=quote.bond, agreed_price=price)

    async def _mint(self) -> None:
        registered = self.engine.state.registered
        if registered is not None:
            if registered.way == "found":
                self.console.say(
                    "AlreadyRegistered: the bond was paid earlier. The wizard does not pay it "
                    "again."
                )
            self.console.result(f"machine {registered.machine_id}")
        self.accept_contracts()
        await self._keys.unlock()
        await self.engine.mint()

    async def _write_did(self) -> None:
        self.accept_contracts()
        await self._keys.unlock()
        await self.engine.write_did()

    async def _finish(self) -> None:
        await self.engine.finish()

    def _receipt(self) -> None:
        receipt = read_receipt(self.engine.session.folder)
        if receipt:
            self.console.result(f"\nThe machine is onboarded: {receipt['peaq_id']}")
            self.console.result("\n".join(receipt_lines(receipt)))


def _fault_of(details: Details, name: str, value: str) -> Problem | None:
    """What is wrong with this value of this detail alone."""
    found = check_details(replace(details, **{name: value}))
    return next((one for one in found if one.code == f"{name.upper()}_INVALID"), None)
