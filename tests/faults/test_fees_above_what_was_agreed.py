"""Nothing is signed above the fee that was agreed to, whatever a node says that gas costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.answers import Answers
from app.plain.console import Console
from app.plain.wizard import PlainWizard
from app.rehearsal.network import RehearsalNetwork
from app.rehearsal.pretend import PretendPeople
from core.errors.exit_codes import EXIT_DONE, EXIT_NETWORK, EXIT_WAITING
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import Quote
from tests.support.machine import Machine, check_once
from tests.support.plain import unattended_answers
from tests.support.proxy import Asked, Fate, Proxy, rpc_results
from tests.support.words import title

GWEI = 10**9
USUAL = 10 * GWEI
"""The base fee of a rehearsal."""
ON_CHAIN = [Action.REGISTER, Action.MINT, Action.WRITE_DID]
Lie = Callable[[str, list[Any], Any], Any]


def invented_history(gwei: int) -> Lie:
    """A base fee and a tip that nobody has paid."""

    def lie(method: str, params: list[Any], result: Any) -> Any:
        if method != "eth_feeHistory":
            return result
        price = hex(gwei * GWEI)
        return {**result, "baseFeePerGas": [price, price], "reward": [[price]]}

    return lie


def dictated_price(gwei: int, *, honest: int = 0, hides_base: bool = True) -> Lie:
    """No fee history, no base fee, and from the third answer on a price of the node's own."""
    asked = 0

    def lie(method: str, params: list[Any], result: Any) -> Any:
        nonlocal asked
        if method == "eth_feeHistory":
            return {"error": {"code": -32601, "message": "method not found"}}
        if method == "eth_gasPrice":
            asked += 1
            return hex(gwei * GWEI) if asked > honest else result
        if method == "eth_getBlockByNumber" and hides_base and isinstance(result, dict):
            return {name: value for name, value in result.items() if name != "baseFeePerGas"}
        return result

    return lie


class Liar:
    """A node before the rehearsal network that says `lie` from when it is set."""

    def __init__(self, proxy: Proxy) -> None:
        self.lie: Lie | None = None
        proxy.plan = self._fate

    def _fate(self, asked: Asked) -> Fate | None:
        return rpc_results(self.lie) if self.lie and asked.calls else None


@pytest.fixture
def liar(machine: Machine, network: RehearsalNetwork) -> Iterator[Liar]:
    with Proxy(network.rpc_url) as proxy:
        machine.environ = proxy.environment(network.environment())
        yield Liar(proxy)


async def quoted(machine: Machine) -> tuple[Quote, int]:
    """The quote of a machine that is about to register, and what its wallet holds."""
    await machine.drive(until=Action.REGISTER)
    quote = await machine.now_open.quote()
    assert quote is not None
    return quote, machine.network.balance(machine.address)


def paid(machine: Machine, quote: Quote, held: int) -> int:
    """The fees that the chain has taken, in wei."""
    return held - quote.bond - machine.network.balance(machine.address)


async def go_as_agreed(machine: Machine, quote: Quote, until: Action) -> None:
    """Registers at what `quote` says, and goes on to `until`."""
    if until is not Action.REGISTER:
        await machine.now_open.register(agreed_bond=quote.bond, agreed_price=quote.price)
        await machine.drive(until)


async def do(machine: Machine, quote: Quote, action: Action) -> None:
    if action is Action.REGISTER:
        await machine.now_open.register(agreed_bond=quote.bond, agreed_price=quote.price)
    else:
        await machine.step()


@pytest.mark.parametrize("action", ON_CHAIN)
async def test_an_invented_fee_history_is_never_signed(
    machine: Machine, liar: Liar, action: Action
) -> None:
    quote, held = await quoted(machine)
    await go_as_agreed(machine, quote, action)
    sent = len(machine.network.sent_transactions())
    liar.lie = invented_history(120)
    with pytest.raises(OnboardingError) as refused:
        await do(machine, quote, action)
    found = refused.value.problem
    assert found.code == "FEE_TOO_HIGH"
    assert "Nothing was signed." in found.money
    assert len(machine.network.sent_transactions()) == sent
    assert machine.now_open.action is action, "it is no request for money"
    liar.lie = None
    await do(machine, quote, action)
    await machine.drive()
    check_once(machine)
    assert paid(machine, quote, held) <= quote.fee


@pytest.mark.parametrize("gwei", [11, 19, 39])
async def test_a_fee_that_is_invented_below_what_was_agreed_costs_no_more_than_that(
    machine: Machine, liar: Liar, gwei: int
) -> None:
    quote, held = await quoted(machine)
    liar.lie = invented_history(gwei)
    await do(machine, quote, Action.REGISTER)
    await machine.drive()
    check_once(machine)
    assert paid(machine, quote, held) <= quote.fee
    assert all(tx.max_fee_wei <= quote.price for tx in machine.state.transactions)


@pytest.mark.parametrize("action", [Action.MEASURE_NEED, *ON_CHAIN])
async def test_a_price_that_a_node_dictates_without_a_base_fee_is_never_signed(
    machine: Machine, liar: Liar, action: Action
) -> None:
    held = quote = None
    if action is Action.MEASURE_NEED:
        await machine.drive(until=action)
    else:
        quote, held = await quoted(machine)
        await go_as_agreed(machine, quote, action)
    sent = len(machine.network.sent_transactions())
    liar.lie = dictated_price(1600)
    with pytest.raises(OnboardingError) as refused:
        await (do(machine, quote, action) if quote else machine.step())
    assert refused.value.code == "RPC_NOT_A_NODE"
    assert "its blocks have no base fee" in refused.value.problem.cause
    assert len(machine.network.sent_transactions()) == sent
    assert machine.now_open.action is action
    liar.lie = None
    await machine.drive()
    check_once(machine)
    if quote and held:
        assert paid(machine, quote, held) <= quote.fee


async def test_a_price_dictated_from_the_third_answer_on_is_paid_up_to_what_was_agreed(
    machine: Machine, liar: Liar
) -> None:
    await machine.drive(until=Action.MEASURE_NEED)
    liar.lie = dictated_price(1600, honest=2, hides_base=False)
    quote, held = await quoted(machine)
    await do(machine, quote, Action.REGISTER)
    await machine.drive()
    check_once(machine)
    assert paid(machine, quote, held) <= quote.fee < 10**17, "the funding's safety margin"


async def test_the_maximum_fee_covers_all_transactions_within_the_safety_margin(
    machine: Machine,
) -> None:
    quote, held = await quoted(machine)
    assert quote.after >= 0
    assert quote.fee <= 10**17
    await do(machine, quote, Action.REGISTER)
    await machine.drive()
    assert machine.network.balance(machine.address) >= quote.after
    assert 0 < paid(machine, quote, held) <= quote.fee


async def test_what_was_agreed_holds_after_a_restart(machine: Machine, liar: Liar) -> None:
    quote, _ = await quoted(machine)
    await go_as_agreed(machine, quote, Action.MINT)
    await machine.restart()
    liar.lie = invented_history(41)
    for action in (Action.MINT, Action.WRITE_DID):
        with pytest.raises(OnboardingError) as refused:
            await machine.step()
        assert refused.value.code == "FEE_TOO_HIGH"
        assert machine.now_open.action is action
        liar.lie = None
        await machine.step()
        liar.lie = invented_history(41)


async def test_a_higher_fee_is_signed_once_it_is_agreed_to(machine: Machine) -> None:
    quote, _ = await quoted(machine)
    await go_as_agreed(machine, quote, Action.MINT)
    machine.network.set_base_fee(5 * USUAL)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    machine.now_open.agree_to_fee(refused.value.problem)
    await machine.step()
    await machine.restart()
    await machine.step()
    assert [tx.agreed_price_wei for tx in machine.state.transactions] == [
        quote.price,
        10 * USUAL,
        10 * USUAL,
    ]


async def test_above_the_limit_of_the_network_nothing_can_be_agreed_to(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.set_base_fee(1001 * GWEI)
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.quote()
    assert refused.value.code == "FEE_IMPLAUSIBLE"
    assert machine.now_open.action is Action.REGISTER
    machine.network.set_base_fee(USUAL)
    await machine.drive()
    check_once(machine)


async def test_an_implausible_fee_is_no_request_for_money(machine: Machine, liar: Liar) -> None:
    await machine.drive(until=Action.MEASURE_NEED)
    liar.lie = invented_history(10**6)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "FEE_IMPLAUSIBLE"
    assert machine.state.need is None


@pytest.mark.parametrize("action", [Action.MEASURE_NEED, *ON_CHAIN])
async def test_gas_that_no_block_holds_is_no_request_for_money(
    machine: Machine, liar: Liar, action: Action
) -> None:
    def lie(method: str, params: list[Any], result: Any) -> Any:
        return "0xfffffffffffff" if method == "eth_estimateGas" else result

    await machine.drive(until=action)
    liar.lie = lie
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "RPC_ERROR"
    assert "30000000" in refused.value.problem.cause
    assert machine.now_open.action is action
    liar.lie = None
    await machine.drive()
    check_once(machine)


async def test_the_owner_s_wallet_pays_no_more_than_was_agreed(
    machine: Machine, network: RehearsalNetwork, liar: Liar
) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = network.owner_key
    machine.way = "owner"
    await machine.drive(until=Action.FUND)
    quote = await machine.now_open.quote_owner()
    held = network.balance(quote.owner)
    liar.lie = invented_history(120)
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.pay_from_owner(quote)
    assert refused.value.code == "FEE_TOO_HIGH"
    assert network.balance(quote.owner) == held
    liar.lie = None
    await machine.now_open.pay_from_owner(quote)
    assert held - network.balance(quote.owner) <= quote.amount + quote.fee


# Line by line


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return unattended_answers(tmp_path, accept_bond=10**18)


async def unattended(machine: Machine, answers: Answers) -> int:
    """A run of a fresh process, to its end."""
    await machine.close()
    console = Console(no_input=True)
    return await PlainWizard(
        machine.open(), answers, console, pretend=PretendPeople(machine.network)
    ).run()


@pytest.mark.parametrize("purpose", ["register", "mint", "did"])
async def test_an_unattended_run_accepts_no_higher_fee_and_exits_with_75(
    *,
    machine: Machine,
    liar: Liar,
    answers: Answers,
    purpose: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The fee is invented once so many transactions are in their block and a fee was quoted."""
    before = ["register", "mint", "did"].index(purpose)
    quotes = 0
    history = invented_history(120)

    def lie(method: str, params: list[Any], result: Any) -> Any:
        nonlocal quotes
        if method == "eth_feeHistory" and machine.state.funded:
            quotes += 1
            if quotes > 1 and len(machine.network.sent_transactions()) == before:
                return history(method, params, result)
        return result

    liar.lie = lie
    assert await unattended(machine, answers) == EXIT_WAITING
    said = " ".join(capsys.readouterr().err.split())
    assert title("FEE_TOO_HIGH") in said
    assert "You agreed to at most 0.0" in said
    assert len(machine.network.sent_transactions()) == before
    liar.lie = None
    assert await unattended(machine, answers) == EXIT_DONE
    check_once(machine)


async def test_an_unattended_run_names_a_node_that_hides_the_base_fee(
    machine: Machine, liar: Liar, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    liar.lie = dictated_price(1600, honest=2)
    assert await unattended(machine, answers) == EXIT_NETWORK
    assert "no base fee" in " ".join(capsys.readouterr().err.split())
    assert not machine.network.sent_transactions()
    liar.lie = None
    assert await unattended(machine, answers) == EXIT_DONE
    check_once(machine)
