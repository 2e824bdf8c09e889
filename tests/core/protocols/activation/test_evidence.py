"""A receipt proves an activation by its events alone, each from the contract that may emit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.chain.types import Receipt
from core.config.deployments import PEAQ_MAINNET
from core.errors.problem import OnboardingError
from core.protocols.activation.evidence import Payment, activated, approved, renewed
from tests.support.activation_chain import NUMBER, PEAQ, STRANGER, WALLET
from tests.support.activation_parts import log

AT = PEAQ_MAINNET.contracts
Log = dict[str, Any]


def onboarded(**changes: Any) -> Log:
    values = {"machineId": NUMBER, "operator": WALLET, **changes}
    return log("machine_state_and_sync", "MachineOnboarded", AT.machine_state_and_sync, **values)


def minted(**changes: Any) -> Log:
    values = {"tokenId": NUMBER, "to": WALLET, "controller": WALLET, "machineType": "Sensor"}
    return log("machine_registry", "MachineMinted", AT.machine_registry, **{**values, **changes})


def subscribed(**changes: Any) -> Log:
    values = {
        "machineId": NUMBER,
        "operator": WALLET,
        "tier": 0,
        "bondedAmount": PEAQ,
        "periodStart": 10,
        "periodEnd": 20,
        **changes,
    }
    return log("machine_subscription", "Activated", AT.machine_subscription, **values)


def redeemed(**changes: Any) -> Log:
    values = {"machineId": NUMBER, "operator": WALLET, "amount": PEAQ // 4, **changes}
    return log("machine_subscription", "VoucherRedeemed", AT.machine_subscription, **values)


def usdt(address: str = AT.machine_subscription) -> Log:
    values = {"operator": WALLET, "peaqAmount": 1, "usdtAmount": 1}
    return log("machine_subscription", "PaidWithUsdt", address, **values)


def elsewhere(one: Log) -> Log:
    return {**one, "address": STRANGER}


ALL = (minted(), subscribed(), onboarded())


def proven(*logs: Log, minted_now: bool = True) -> Payment:
    receipt = Receipt("0x1", 5, "0xb5", True, 1, list(logs))
    return activated(
        PEAQ_MAINNET,
        receipt,
        machine_id=NUMBER,
        sender=WALLET,
        controller=WALLET,
        machine_type="Sensor",
        tier=0,
        minted=minted_now,
    )


def test_the_money_is_what_the_events_say() -> None:
    assert proven(*ALL) == Payment(PEAQ, 0, 10, 20)
    payment = proven(*ALL, redeemed())
    assert (payment.bond, payment.credit, payment.paid) == (PEAQ, PEAQ // 4, 3 * PEAQ // 4)
    assert proven(*ALL, redeemed(amount=PEAQ)).paid == 0


def test_events_of_other_contracts_are_looked_past() -> None:
    strange = (usdt(STRANGER), elsewhere(subscribed(bondedAmount=1)), elsewhere(redeemed()))
    assert proven(*strange, *ALL, {"address": 5, "topics": "x"}, {}).paid == PEAQ


@pytest.mark.parametrize(
    "logs",
    [
        (),
        ALL[:2],
        ALL[1:],
        (ALL[0], ALL[2]),
        (*ALL, ALL[0]),
        (*ALL, ALL[1]),
        (*ALL, ALL[2]),
        (elsewhere(ALL[0]), *ALL[1:]),
        (ALL[0], elsewhere(ALL[1]), ALL[2]),
        (*ALL[:2], elsewhere(ALL[2])),
        (minted(tokenId=1), *ALL[1:]),
        (minted(to=STRANGER), *ALL[1:]),
        (minted(controller=STRANGER), *ALL[1:]),
        (minted(machineType="Other"), *ALL[1:]),
        (ALL[0], subscribed(machineId=1), ALL[2]),
        (ALL[0], subscribed(operator=STRANGER), ALL[2]),
        (ALL[0], subscribed(tier=1), ALL[2]),
        (ALL[0], subscribed(periodStart=0), ALL[2]),
        (ALL[0], subscribed(periodEnd=10), ALL[2]),
        (*ALL[:2], onboarded(operator=STRANGER)),
        (*ALL, redeemed(), redeemed()),
        (*ALL, redeemed(amount=PEAQ + 1)),
        (*ALL, redeemed(machineId=1)),
        (*ALL, redeemed(operator=STRANGER)),
        (*ALL, usdt()),
        ({**ALL[0], "data": "0x"}, *ALL[1:]),
        ({**ALL[0], "data": None}, *ALL[1:]),
        (ALL[0], {**ALL[1], "topics": ALL[1]["topics"][:2]}, ALL[2]),
        (ALL[0], {**ALL[1], "topics": [*ALL[1]["topics"][:2], "0xzz"]}, ALL[2]),
        (ALL[0], {**ALL[1], "data": ALL[1]["data"][:-64]}, ALL[2]),
        (ALL[0], {**ALL[1], "data": "0x" + "00" * 70_000}, ALL[2]),
    ],
)
def test_an_event_that_is_missing_doubled_foreign_or_about_something_else_proves_nothing(
    logs: tuple[Log, ...],
) -> None:
    with pytest.raises(OnboardingError) as refused:
        proven(*logs)
    assert refused.value.code == "READ_BACK_FAILED"


def test_the_activation_of_a_minted_machine_needs_no_event_of_minting() -> None:
    assert proven(subscribed(), minted_now=False).paid == PEAQ


def test_an_approval_is_proven_by_owner_spender_and_amount() -> None:
    def receipt(**changes: Any) -> Receipt:
        values = {"owner": WALLET, "spender": AT.machine_subscription, "value": 5, **changes}
        return Receipt(
            "0x1", 5, "0xb5", True, 1, [log("peaq_token", "Approval", PEAQ_MAINNET.token, **values)]
        )

    approved(PEAQ_MAINNET, receipt(), owner=WALLET, amount=5)
    wrong: list[Callable[[], Receipt]] = [
        lambda: receipt(value=6),
        lambda: receipt(spender=STRANGER),
        lambda: receipt(owner=STRANGER),
        lambda: Receipt("0x1", 5, "0xb5", True, 1, []),
    ]
    for make in wrong:
        with pytest.raises(OnboardingError) as refused:
            approved(PEAQ_MAINNET, make(), owner=WALLET, amount=5)
        assert refused.value.code == "READ_BACK_FAILED"


def test_a_renewal_is_proven_by_its_own_events() -> None:
    event = {
        "machineId": NUMBER,
        "operator": WALLET,
        "tier": 1,
        "bondedAmount": PEAQ,
        "periodEnd": 99,
    }
    done = log("machine_subscription", "Renewed", AT.machine_subscription, **event)
    reward = log(
        "machine_subscription",
        "BondingRewardRedeemed",
        AT.machine_subscription,
        machineId=NUMBER,
        operator=WALLET,
        discount=PEAQ // 2,
    )

    def prove(*logs: Log, tier: int = 1) -> Payment:
        receipt = Receipt("0x1", 5, "0xb5", True, 1, list(logs))
        return renewed(PEAQ_MAINNET, receipt, machine_id=NUMBER, sender=WALLET, tier=tier)

    assert prove(done).paid == PEAQ
    assert prove(done, reward) == Payment(PEAQ, PEAQ // 2, 0, 99)
    for logs, tier in (((done,), 0), ((), 1), ((done, done), 1), ((done, usdt()), 1)):
        with pytest.raises(OnboardingError):
            prove(*logs, tier=tier)
