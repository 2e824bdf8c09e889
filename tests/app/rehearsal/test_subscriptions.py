"""Vouchers, renewals and the life of a subscription on the rehearsal chain."""

from __future__ import annotations

import pytest
from eth_abi import encode

from tests.app.rehearsal.activation import (
    ENTRY,
    ERC20,
    GRACE,
    PERIOD,
    RUNOFF,
    SENSOR,
    SUBSCRIPTION,
    SYNC,
    activate,
    allowance,
    logs,
    pay,
    status,
    subscription,
    words,
)
from tests.app.rehearsal.client import MACHINE, OTHER, PEAQ, calldata, selector

ID = SENSOR.machine_id


# Vouchers


def test_a_voucher_pays_a_part_once(rich):
    rich.network.give_voucher(MACHINE.address, PEAQ // 10)
    credit = "pendingVoucherCredit(address)"
    assert rich.call(SUBSCRIPTION, credit, MACHINE.address) == PEAQ // 10
    assert rich.call(SUBSCRIPTION, credit, OTHER.address) == 0
    pay(rich, ENTRY - PEAQ // 10)
    receipt = rich.transact(SYNC, SENSOR.data)
    (redeemed,) = logs(receipt, SUBSCRIPTION, "VoucherRedeemed(uint256,address,uint256)")
    assert words(redeemed["data"]) == [PEAQ // 10]
    assert subscription(rich)[3] == ENTRY
    assert rich.network.balance(SUBSCRIPTION) == ENTRY - PEAQ // 10
    assert rich.call(SUBSCRIPTION, credit, MACHINE.address) == 0


def test_a_voucher_that_pays_all_needs_no_approval(rich):
    rich.network.give_voucher(MACHINE.address, PEAQ)
    receipt = rich.transact(SYNC, SENSOR.data)
    assert receipt["status"] == "0x1"
    (redeemed,) = logs(receipt, SUBSCRIPTION, "VoucherRedeemed(uint256,address,uint256)")
    assert words(redeemed["data"]) == [ENTRY]
    assert logs(receipt, ERC20, "Transfer(address,address,uint256)") == []
    assert rich.call(SUBSCRIPTION, "pendingVoucherCredit(address)", MACHINE.address) == (
        PEAQ - ENTRY
    )


# The life of a subscription


def test_a_subscription_runs_off_with_time(rich, clock):
    activate(rich)
    read = []
    for seconds in (PERIOD - 60, 120, GRACE, RUNOFF):
        clock.forward(seconds)
        rich.network.mine()
        read.append(status(rich))
    assert read == [1, 2, 3, 4]
    assert subscription(rich)[3] == ENTRY


@pytest.mark.parametrize("late", [0, PERIOD + 60, PERIOD + GRACE + 60])
def test_a_renewal_adds_a_period_and_a_bond(rich, clock, late):
    """Early, in grace and in runoff: the new period starts where the old one ended."""
    activate(rich)
    _, start, end, _, _ = subscription(rich)
    clock.forward(late)
    pay(rich)
    receipt = rich.transact(SUBSCRIPTION, calldata("renew(uint256)", ID))
    assert receipt["status"] == "0x1"
    assert subscription(rich) == (0, start, end + PERIOD, 2 * ENTRY, 0)
    (renewed,) = logs(receipt, SUBSCRIPTION, "Renewed(uint256,address,uint8,uint256,uint64)")
    assert words(renewed["data"]) == [0, ENTRY, end + PERIOD]
    assert rich.network.balance(SUBSCRIPTION) == 2 * ENTRY
    assert rich.call(SUBSCRIPTION, "pendingBondingReward(address)", MACHINE.address) == 0


def test_the_controller_may_renew_and_pays(rich):
    activate(rich, SENSOR.but(controller=OTHER.address))
    pay(rich, sender=OTHER)
    receipt = rich.transact(SUBSCRIPTION, calldata("renew(uint256)", ID), sender=OTHER)
    (renewed,) = logs(receipt, SUBSCRIPTION, "Renewed(uint256,address,uint8,uint256,uint64)")
    assert int(renewed["topics"][2], 16) == int(MACHINE.address, 16)
    assert allowance(rich, OTHER) == 0


def test_renewing_is_refused_where_there_is_nothing_to_renew(rich, clock):
    renew = calldata("renew(uint256)", ID)
    absent = selector("ERC721NonexistentToken(uint256)") + encode(["uint256"], [ID]).hex()
    assert rich.revert_of(SUBSCRIPTION, renew) == absent
    activate(rich)
    assert rich.revert_of(SUBSCRIPTION, renew, sender=OTHER) == selector("NotOwnerOrController()")
    rich.network.pause_machine(ID, True)
    assert rich.revert_of(SUBSCRIPTION, renew) == selector("TechnicallyPaused()")
    rich.network.pause_machine(ID, False)
    clock.forward(PERIOD + GRACE + RUNOFF + 60)
    rich.network.mine()
    assert rich.revert_of(SUBSCRIPTION, renew) == selector("AlreadyTerminated()")


def test_an_active_machine_is_not_activated_again(rich):
    activate(rich)
    pay(rich)
    again = calldata("activate(uint256,uint8)", ID, 0)
    assert rich.revert_of(SUBSCRIPTION, again) == selector("AlreadyActivated()")
    assert rich.revert_of(SUBSCRIPTION, again, sender=OTHER) == selector("NotOwnerOrController()")
