"""The proof in a receipt: events count only from the contract that may emit them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.chain.abi import codec
from core.chain.types import Receipt
from core.config.deployments import Deployment
from core.errors.problem import fault


@dataclass(frozen=True)
class Payment:
    """The cost of an activation or a renewal. Amounts in wei, times in POSIX seconds."""

    bond: int
    credit: int
    """The part of the bond that a voucher or a bonding reward paid."""
    period_start: int
    """0 where the event does not tell."""
    period_end: int

    @property
    def paid(self) -> int:
        """The part of the bond that the wallet paid."""
        return self.bond - self.credit


def activated(
    deployment: Deployment,
    receipt: Receipt,
    *,
    machine_id: int,
    sender: str,
    controller: str,
    machine_type: str,
    tier: int,
    minted: bool = True,
) -> Payment:
    """Check the events of an activation, and return the payment that they show.

    `minted`: whether the same transaction mints the machine. Raises OnboardingError
    (READ_BACK_FAILED) unless each event is there exactly once, from its contract, and about this
    machine; a foreign contract's events count for nothing.
    """
    logs = _Logs(deployment, receipt)
    about = {"machineId": machine_id, "operator": sender}
    if minted:
        logs.one("machine_state_and_sync", "MachineOnboarded", about)
        expected = {"tokenId": machine_id, "to": sender, "controller": controller}
        logs.one("machine_registry", "MachineMinted", {**expected, "machineType": machine_type})
    event = logs.one("machine_subscription", "Activated", {**about, "tier": tier})
    logs.none("machine_subscription", "PaidWithUsdt")
    bond = int(event["bondedAmount"])
    credit = logs.credit("VoucherRedeemed", "amount", about, bond)
    start, end = int(event["periodStart"]), int(event["periodEnd"])
    if not 0 < start < end:
        raise _mismatch("the subscription's period", "a start and a later end", f"{start} to {end}")
    return Payment(bond, credit, start, end)


def renewed(
    deployment: Deployment, receipt: Receipt, *, machine_id: int, sender: str, tier: int
) -> Payment:
    """Check the events of a renewal, as `activated` does."""
    logs = _Logs(deployment, receipt)
    about = {"machineId": machine_id, "operator": sender}
    event = logs.one("machine_subscription", "Renewed", {**about, "tier": tier})
    logs.none("machine_subscription", "PaidWithUsdt")
    bond = int(event["bondedAmount"])
    credit = logs.credit("BondingRewardRedeemed", "discount", about, bond)
    return Payment(bond, credit, 0, int(event["periodEnd"]))


def approved(deployment: Deployment, receipt: Receipt, *, owner: str, amount: int) -> None:
    """Check the event of an approval of `amount` wei. Raises OnboardingError (READ_BACK_FAILED)."""
    spender = deployment.contracts.machine_subscription
    expected = {"owner": owner, "spender": spender, "value": amount}
    _Logs(deployment, receipt).one("peaq_token", "Approval", expected)


class _Logs:
    def __init__(self, deployment: Deployment, receipt: Receipt) -> None:
        self._deployment = deployment
        self._receipt = receipt

    def one(self, contract: str, event: str, expected: Mapping[str, object]) -> dict[str, Any]:
        """The only `event` of `contract`. Raises unless its arguments are as `expected`."""
        found = self._all(contract, event)
        if len(found) != 1:
            raise _mismatch(f"the event {event}", "exactly one", str(len(found)))
        _compare(event, found[0], expected)
        return found[0]

    def none(self, contract: str, event: str) -> None:
        found = self._all(contract, event)
        if found:
            raise _mismatch(f"the event {event}", "none", str(len(found)))

    def credit(self, event: str, name: str, expected: Mapping[str, object], most: int) -> int:
        """The wei of an event that is there once at most; 0 without it."""
        found = self._all("machine_subscription", event)
        if not found:
            return 0
        if len(found) > 1:
            raise _mismatch(f"the event {event}", "one at most", str(len(found)))
        _compare(event, found[0], expected)
        amount = int(found[0][name])
        if amount > most:
            raise _mismatch(f"{name} of {event}", f"at most {most}", str(amount))
        return amount

    def _all(self, contract: str, event: str) -> list[dict[str, Any]]:
        deployment = self._deployment
        emitter = (
            deployment.token
            if contract == "peaq_token"
            else str(getattr(deployment.contracts, contract))
        )
        try:
            return codec(f"activation/{contract}").find_events(event, self._receipt.logs, emitter)
        except ValueError as error:
            raise _mismatch(f"the event {event}", "readable", "not readable") from error


def _compare(event: str, found: Mapping[str, Any], expected: Mapping[str, object]) -> None:
    for name, wanted in expected.items():
        given = found[name]
        same = (
            str(given).lower() == wanted.lower()
            if isinstance(wanted, str) and wanted.startswith("0x")
            else given == wanted
        )
        if not same:
            raise _mismatch(f"{name} of {event}", str(wanted), str(given))


def _mismatch(what: str, expected: str, found: str) -> Exception:
    return fault("READ_BACK_FAILED", what=what, expected=expected, found=found)
