"""The judge of "exactly once": what the chain and the state folder say when all is over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app.rehearsal.network import RehearsalNetwork
from app.rehearsal.node import genesis
from core.config.deployments import PEAQ_TOKEN, REHEARSAL_DEPLOYMENT
from core.errors.problem import OnboardingError
from core.journal.events import EnvironmentPassed
from core.journal.file import read_records
from core.journal.reducer import fold
from core.journal.state import State, TxStatus
from core.keys.keystore import open_file
from core.secrets import Secret

if TYPE_CHECKING:
    from app.rehearsal.parts import Parts
    from app.rehearsal.services.gas_station import Transfer

PURPOSES = {
    genesis.CONTRACTS["IdentityRegistry"].lower(): "register",
    genesis.CONTRACTS["MachineNFT"].lower(): "mint",
    genesis.BATCH_PRECOMPILE.lower(): "did",
    PEAQ_TOKEN.lower(): "approve",
    REHEARSAL_DEPLOYMENT.contracts.machine_state_and_sync.lower(): "activate",
}
STEPS = ("register", "mint", "did")
ACTIVATION_STEPS = ("approve", "activate")
CONTRACT_OF = {"single": "did"}
"""The one transaction goes to the same contract as the DID write: the Batch precompile."""
TRACEBACK = "Traceback (most recent call last)"
# Six digits that are no codes stand where these names stand.
_NUMBERS = re.compile(r'"(gas|nonce|block|height|pid|port|n)": ?"?\d+"?')


@dataclass(frozen=True)
class Done:
    """One transaction in a block of the chain as it is now."""

    hash: str
    sender: str
    to: str
    nonce: int
    value: int
    succeeded: bool


def chain_ledger(network: RehearsalNetwork, *, since: int = 0) -> list[Done]:
    """Everything that is in a block from the number `since` on, oldest first; what a
    reorganisation took is not there.
    """

    def collect(parts: Parts) -> list[Done]:
        return [
            Done(
                hash="0x" + transaction.hash.hex(),
                sender="0x" + transaction.sender.hex(),
                to="0x" + transaction.to.hex(),
                nonce=transaction.nonce,
                value=transaction.value,
                succeeded=receipt.state_root == b"\x01",
            )
            for block in parts.node.chain.blocks[since:]
            for transaction, receipt in zip(block.transactions, block.receipts, strict=True)
        ]

    return network._ask(collect)


def secrets_in(text: str, secrets: Mapping[str, str]) -> list[str]:
    """The names of those `secrets` (name, value) that stand in `text`, in upper or lower case."""
    lower = _NUMBERS.sub("", text).lower()
    found = []
    for name, secret in secrets.items():
        if secret.isdigit():
            # Six digits can stand in a hash or in an amount by chance; alone they may not.
            there = re.search(rf"(?<![\w.,:-]){secret}(?![\w.,:-])", lower)
        else:
            there = secret.lower() in lower
        if there:
            found.append(name)
    return found


@dataclass
class Verdict:
    """What was found; `faults` in words, empty where all is as promised."""

    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, what: str, number: int, words: str = "") -> None:
        self.counts[what] += max(number, 0)
        if number > 0:
            self.faults.append(f"{what}: {number} {words}".strip())

    def expect(self, condition: object, words: str) -> None:
        if not condition:
            self.faults.append(words)


def _first_height(folder: Path) -> int:
    passed = (record.event for record in read_records(folder / "journal.jsonl"))
    return next((event.height for event in passed if isinstance(event, EnvironmentPassed)), 0)


def read_state(folder: Path) -> State:
    return fold(read_records(folder / "journal.jsonl"))


def judge(
    network: RehearsalNetwork,
    folder: Path,
    *,
    passphrase: str,
    secrets: Mapping[str, str],
    said: str = "",
    transfers: int | None = 1,
    by_hand: int = 0,
    strangers: int = 0,
    reverted: int = 0,
    finished: bool = True,
    steps: Sequence[str] = STEPS,
) -> Verdict:
    """The promises of one state folder. `said` is what the processes wrote. `steps`:
    the purposes of the transactions that are to have done it.

    `transfers` of the Gas Station (None: any number, at most one a request), `by_hand` payments
    of anybody else, `strangers` that used the same key, `reverted` transactions of ours.
    """
    verdict = Verdict()
    state = read_state(folder)
    _judge_key(verdict, state, folder, passphrase)
    if state.address is not None:
        # A long reorganisation may have taken the very block that was first looked at.
        ledger = chain_ledger(network, since=max(_first_height(folder) - 50, 0))
        verdict.note("second bonds", len(network.registrations(state.address)) - 1, "(events)")
        _judge_chain(verdict, ledger, state, strangers, reverted, steps=steps, finished=finished)
        promised = [item for item in network.transfers() if item.target == state.address.lower()]
        _judge_money(
            verdict, ledger, promised, state.address.lower(), transfers=transfers, by_hand=by_hand
        )
    if finished:
        _judge_end(verdict, state, folder, steps)
    verdict.note("tracebacks", said.count(TRACEBACK))
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            said_there = path.read_text(encoding="utf-8", errors="replace")
            verdict.note("tracebacks", said_there.count(TRACEBACK), path.name)
            found = secrets_in(said_there, secrets)
            verdict.note("secrets found", len(found), f"in {path.name}: {found}")
            verdict.expect(path.stat().st_mode & 0o077 == 0, f"{path.name} can be read by others")
    found = secrets_in(said, secrets)
    verdict.note("secrets found", len(found), f"in what was written: {found}")
    return verdict


def _judge_key(verdict: Verdict, state: State, folder: Path, passphrase: str) -> None:
    """A key whose address anybody has seen is on disk, and opens."""
    if state.keypair is None:
        return
    try:
        stored = open_file(folder / "keystore.json", Secret(passphrase))
        lost = stored.key.address != state.keypair.address
    except OnboardingError:
        lost = True
    verdict.note("lost keys", int(lost), state.keypair.address)


def _judge_chain(
    verdict: Verdict,
    ledger: list[Done],
    state: State,
    strangers: int,
    reverted: int,
    *,
    steps: Sequence[str],
    finished: bool,
) -> None:
    address = (state.address or "").lower()
    mine = [done for done in ledger if done.sender == address]
    good = Counter(PURPOSES.get(done.to, "other") for done in mine if done.succeeded)
    expected = Counter(CONTRACT_OF.get(step, step) for step in steps)
    verdict.note("second bonds", good["register"] - expected["register"])
    verdict.note("second Machine NFTs", good["mint"] - expected["mint"])
    verdict.note("second DID writes", good["did"] - expected["did"])
    verdict.note("second approvals", good["approve"] - expected["approve"])
    verdict.note("second activations", good["activate"] - expected["activate"])
    journalled = {tx.hash for tx in state.transactions}
    foreign = [done for done in mine if done.hash not in journalled]
    failed = [done for done in mine if not done.succeeded]
    verdict.note("unrecorded transactions", len(foreign) - strangers)
    verdict.note("wasted nonces", len(failed) - reverted)
    verdict.expect(
        [done.nonce for done in mine] == list(range(len(mine))), "the nonces have a gap or a twin"
    )
    nonces = {(tx.sender, tx.nonce) for tx in state.transactions if tx.sender.lower() == address}
    verdict.note("nonces beyond the steps", len(nonces) - len(steps) - strangers - reverted)
    if finished:
        done = Counter({name: good[name] for name in PURPOSES.values() if good[name]})
        verdict.expect(done == expected, f"what is on the chain is {dict(done)}")
        for tx in state.transactions:
            verdict.expect(not tx.status.open, f"{tx.purpose} {tx.nonce} is still open")


def _judge_money(
    verdict: Verdict,
    ledger: list[Done],
    promised: list[Transfer],
    address: str,
    *,
    transfers: int | None,
    by_hand: int,
) -> None:
    ids = Counter(item.request_id for item in promised)
    verdict.note("double fundings", sum(number - 1 for number in ids.values()))
    hashes = {item.hash for item in promised}
    paid = [done for done in ledger if done.to == address and done.value]
    arrived = [done for done in paid if done.hash in hashes]
    if transfers is not None:
        verdict.note("double fundings", len(arrived) - transfers)
        verdict.expect(len(arrived) == transfers, f"{len(arrived)} transfers, not {transfers}")
    others = len(paid) - len(arrived)
    verdict.note("double fundings", others - by_hand, "by hand")
    verdict.expect(others == by_hand, f"{others} payments by hand, not {by_hand}")


def _judge_end(verdict: Verdict, state: State, folder: Path, steps: Sequence[str]) -> None:
    verdict.expect(state.finished is not None, "it is not finished")
    counted = [tx.purpose for tx in state.transactions if tx.status is TxStatus.FINAL]
    own = [purpose for purpose in counted if purpose != "funding"]
    verdict.expect(own == list(steps), f"final are {counted}")
    for name in ("receipt.json", "receipt.txt"):
        verdict.expect((folder / name).exists(), f"there is no {name}")
