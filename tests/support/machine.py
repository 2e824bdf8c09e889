"""One machine in a test: its state folder, its wizard, and the hands of its technician."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from app.configuration import with_protocol
from app.rehearsal.network import RehearsalNetwork
from core.config.settings import Settings, load_settings
from core.errors.problem import OnboardingError
from core.http import Http
from core.journal.file import Record, read_records
from core.journal.next_action import Action
from core.journal.state import Details, State
from core.keys.key_source import KeySource
from core.onboarding import Onboarding
from core.protocols.activation.identity import Entries, endpoints_of, propose_subject
from core.secrets import Secret
from core.session import open_session
from tests.support.clock import FakeClock
from tests.support.transports import plain_connect

PASSPHRASE = Secret("correct horse battery staple")
DETAILS = Details("https://docs.example.com/arm-7", "https://api.example.com/arm-7", "public")
ENTRIES = Entries("robot-arm", "0x" + bytes(range(32)).hex(), "0x" + "52" * 20)
ORDER = tuple(Action)


class Machine:
    """Opens wizards on one state folder, and answers what they ask.

    `source` is where the key comes from, `way` how it is funded (None: as the engine chooses),
    `single` whether one transaction is to do it all, `protocol` the flow.
    `codes` keeps every one-time code that was typed, so that a test can look for them in files.
    """

    def __init__(
        self,
        network: RehearsalNetwork,
        clock: FakeClock,
        folder: Path,
        *,
        environ: Mapping[str, str] | None = None,
        connect: Callable[[str], Http] = plain_connect,
        source: KeySource | None = None,
        way: str | None = None,
        single: bool = False,
        protocol: str = "guide",
        version: str = "1.2.3",
    ) -> None:
        self.network = network
        self.clock = clock
        self.folder = folder
        self.environ = {**network.environment(), **(environ or {})}
        self.connect = connect
        self.source = source or KeySource("generate")
        self.way = way
        self.single = single
        self.protocol = protocol
        # A machine id is global: machines on one network need different subjects.
        self.entries = replace(ENTRIES, subject=propose_subject())
        self.version = version
        self.codes: list[str] = []
        self.wizard: Onboarding | None = None

    def settings(self) -> Settings:
        settings = load_settings(environ=self.environ, env_file=self.folder.parent / ".env")
        return with_protocol(settings, self.protocol, self.folder)

    def open(self) -> Onboarding:
        """A wizard as a fresh start of the program would have it."""
        settings = self.settings()
        session = open_session(self.folder, settings, self.clock)
        self.wizard = Onboarding(
            session,
            settings,
            self.clock,
            version=self.version,
            connect=self.connect,
            available_memory=lambda: 0,
            single_transaction=self.single,
        )
        return self.wizard

    async def close(self) -> None:
        if self.wizard is not None:
            wizard, self.wizard = self.wizard, None
            await wizard.close()

    async def restart(self) -> Onboarding:
        """The program ends and starts again; the passphrase is typed where there is a key."""
        await self.close()
        wizard = self.open()
        await wizard.reconcile()
        if wizard.state.keypair is not None and wizard.action is not Action.NOTHING:
            await wizard.unlock(PASSPHRASE)
        return wizard

    @property
    def now_open(self) -> Onboarding:
        return self.wizard or self.open()

    @property
    def state(self) -> State:
        return self.now_open.state

    @property
    def address(self) -> str:
        address = self.state.address
        assert address is not None, "there is no keypair yet"
        return address

    @property
    def records(self) -> list[Record]:
        """What the disk holds."""
        return read_records(self.folder / "journal.jsonl")

    def fresh_code(self) -> str:
        """The next code of the machine's authenticator: waits until it has changed."""
        self.clock.advance(30)
        shown = self.network.current_code(self.address)
        assert shown is not None, "no enrolment was asked for"
        self.codes.append(shown[0])
        return shown[0]

    def five_seconds_into_a_code(self) -> None:
        """Lets time pass until a code is five seconds old: the next one then has 25 s to come."""
        self.clock.advance((5 - self.clock.now().timestamp()) % 30)

    def old_code(self) -> str:
        """A code that is not good any more, and not one of those that are."""
        return f"{(int(self.fresh_code()) + 1) % 1_000_000:06}"

    async def step(self) -> None:
        """Does what comes next, once. Raises OnboardingError as the engine does."""
        wizard = self.now_open
        match wizard.action:
            case Action.CHECK_ENVIRONMENT:
                await wizard.pass_environment(DETAILS)
            case Action.CREATE_KEYPAIR:
                await self._create()
            case Action.BACK_UP_KEYPAIR:
                await wizard.back_up("copied")
            case Action.MEASURE_NEED:
                await wizard.measure()
            case Action.ENROL | Action.FUND if self.way and self.way != wizard.state.way:
                await wizard.choose_funding_method(self.way)
            case Action.ENROL:
                if await wizard.enrol() is not None:
                    await wizard.enrolment_shown()
            case Action.CONFIRM:
                await wizard.confirm(self.fresh_code())
            case Action.FUND:
                await self._fund()
            case Action.REGISTER:
                quote = await wizard.quote()
                if quote is not None:
                    await wizard.register(agreed_bond=quote.bond, agreed_price=quote.price)
            case Action.MINT:
                await wizard.mint()
            case Action.WRITE_DID:
                await wizard.write_did()
            case Action.CHOOSE_TIER:
                await wizard.choose_tier(0)
            case Action.DESCRIBE:
                await wizard.describe(replace(self.entries, endpoints=endpoints_of(DETAILS)))
            case Action.ACTIVATE:
                quote = await wizard.quote()
                if quote is not None:
                    await wizard.register(agreed_bond=quote.bond, agreed_price=quote.price)
            case Action.READ_BACK:
                await wizard.read_back()
            case Action.FINISH:
                await wizard.finish()
            case Action.NOTHING:
                pass

    async def drive(self, until: Action = Action.NOTHING) -> Onboarding:
        """Goes on step by step until `until` comes next; a fault of a step comes as it is."""
        wizard = self.now_open
        for _ in range(40):
            if ORDER.index(wizard.action) >= ORDER.index(until):
                return wizard
            await self.step()
        raise AssertionError(f"stuck at: {wizard.action.value}")

    async def drive_stubbornly(self, until: Action = Action.NOTHING) -> Onboarding:
        """As `drive`; a refused step is tried again when its time has come."""
        wizard = self.now_open
        for _ in range(20):
            try:
                return await self.drive(until)
            except OnboardingError as error:
                self.clock.advance(error.problem.remaining(self.clock.now()).total_seconds())
        raise AssertionError(f"stuck at: {wizard.action.value}, {wizard.problem}")

    async def _create(self) -> None:
        wizard = self.now_open
        there = (self.folder / "keystore.json").exists()
        await wizard.create_keypair(KeySource("keep") if there else self.source, PASSPHRASE)

    async def _fund(self) -> None:
        wizard = self.now_open
        if wizard.state.way == "gas-station":
            await wizard.ask_gas_station(self.fresh_code())
        elif wizard.state.way == "owner":
            quote = await wizard.quote_owner()
            await wizard.pay_from_owner(quote)
        elif (await wizard.read_balance()).missing:
            self.network.send(self.address, (await wizard.read_balance()).missing)


async def go_on_with(wizard: Onboarding, settings: Settings) -> None:
    """Other settings for the screens and for the engine, with the clients that are open."""
    wizard.settings = (await wizard.load()).context.settings = settings


def blocks_every(machine: Machine, seconds: float) -> None:
    """From now on a block comes whenever so many seconds have been slept."""
    waited = 0.0

    def pass_time(slept: float) -> None:
        nonlocal waited
        waited += slept
        while waited >= seconds:
            waited -= seconds
            machine.network.mine()

    machine.clock.while_asleep = pass_time


class Ledger:
    """What the network's side says was done for one owner: the judge of "exactly once"."""

    def __init__(self, network: RehearsalNetwork, address: str) -> None:
        mine = [tx for tx in network.sent_transactions() if tx.sender.lower() == address.lower()]
        self.hashes = [tx.hash for tx in mine]
        self.nonces = sorted(tx.nonce for tx in mine)
        self.registrations = network.registrations(address)
        transfers = [item for item in network.transfers() if item.target == address.lower()]
        self.transfers = [item.request_id for item in transfers]


def check_funded_once(machine: Machine) -> None:
    """The Gas Station paid exactly once, and the machine comes to its registration."""
    assert len(Ledger(machine.network, machine.address).transfers) == 1
    assert machine.state.funded is not None


def check_once(machine: Machine, *, transfers: int = 1) -> None:
    """One bond, one NFT, one DID write, one payment a request, no nonce wasted."""
    ledger = Ledger(machine.network, machine.address)
    assert len(ledger.registrations) == 1, "the bond was not paid exactly once"
    assert ledger.nonces == [0, 1, 2], "register, mint and DID did not take one nonce each"
    assert len(set(ledger.hashes)) == 3
    assert len(ledger.transfers) == transfers
    assert len(set(ledger.transfers)) == transfers, "one request id was paid twice"
    state = machine.state
    assert state.registered is not None
    assert state.registered.machine_id == ledger.registrations[0]
    assert {tx.hash for tx in state.transactions if tx.block} == set(ledger.hashes)
