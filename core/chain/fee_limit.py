"""Limits of the price per gas that may be signed: the agreed price and the network's ceiling.

The agreed price is in wei per gas. Users see it as an amount of money: this price times the gas of
all transactions still to come, replacements included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from core.amounts import format_peaq
from core.chain.types import Fees
from core.chain.unsigned import TITLES
from core.clock import Clock
from core.config.networks import Network
from core.errors.problem import OnboardingError, fault
from core.journal.event_store import EventStore
from core.journal.state import State, Tx

TRANSFER_GAS = 21_000
"""Gas of a plain transfer (Ethereum yellow paper, appendix G); the node's estimate decides."""
ROOM = 2
"""The agreed price as a multiple of the price that would be signed now, which is twice the base
fee. The base fee can then rise fourfold, or a transaction can be replaced three times, before the
wizard asks again. At the usual price of a rehearsal (10 gwei) the maximum fee of all transactions
is 0.086 PEAQ, which the safety margin of the funding requirement (0.1 PEAQ) covers.
"""
_TRANSFER_GAS_SIGNED = TRANSFER_GAS * 125 // 100
_RAISE_PERCENT = 125
_LEAST_RAISE_PERCENT = 110
"""Pools refuse a replacement that raises either fee field by less than ten percent."""
_UNASKED = 25
"""A network's ceiling is about 100 times its usual price. Without an agreement the wizard signs at
most a 25th of the ceiling, which is about the price that it would propose (four times the base
fee).
"""
_PAUSE = timedelta(minutes=5)
_UNSIGNED = "Nothing was signed. Completed steps are saved."
_PENDING = "The transaction stays pending. It pays once at most."


def price_to_agree(fees: Fees, network: Network, *, gas: int, spare: int) -> int:
    """Return the price per gas to propose to the user, in wei.

    `ROOM` times the current price, but at most `spare`, the wei that the wallet has for `gas`, so
    that the maximum fee stays inside the safety margin. Never above the network's limit.
    """
    price = max(min(ROOM * fees.cap, spare // gas), fees.cap)
    return min(price, network.max_gas_price_wei)


class FeeLimit:
    """Guard that refuses prices above the agreed price or the network's limit.

    `agreed`: wei per gas agreed in this run, by the paying address. The journal stores it with each
    signed transaction, so that later runs respect it too. `usual_gas`: gas of the protocol's
    transactions by purpose. `gas_left`: gas of those that the machine still has to sign.
    """

    def __init__(
        self,
        network: Network,
        store: EventStore,
        clock: Clock,
        agreed: Mapping[str, int],
        *,
        usual_gas: Mapping[str, int],
        gas_left: Callable[[State], int],
    ):
        self._network = network
        self._store = store
        self._clock = clock
        self._agreed = agreed
        self._usual_gas = {**usual_gas, "funding": _TRANSFER_GAS_SIGNED}
        self._gas_left = gas_left

    def gas_left(self, payer: str) -> int:
        """Return the gas that `payer` still has to sign: all remaining steps, or one payment."""
        state = self._store.state
        return self._gas_left(state) if payer == state.address else _TRANSFER_GAS_SIGNED

    def agreed(self, payer: str) -> int | None:
        """Return the agreed wei per gas; None if nothing was agreed, as in older journals."""
        agreed = self._agreed.get(payer)
        return self._store.state.agreed_price(payer) if agreed is None else agreed

    def limit(self, payer: str) -> int:
        """Return the maximum wei per gas that may be signed.

        Without an agreement (the registration was found on the chain, or the journal is older),
        this is a small multiple of the network's usual price.
        """
        agreed = self.agreed(payer)
        if agreed is None:
            return self._ceiling // _UNASKED
        return min(agreed, self._ceiling)

    def within(
        self, fees: Fees, payer: str, *, anew: bool = False, purpose: str = "", gas: int = 0
    ) -> Fees:
        """Return `fees`, lowered to the maximum that may be signed.

        `anew`: the user agrees to a price afterwards, so only the network's limit applies. `gas` is
        the gas of a transaction for `purpose`. The displayed maximum fee assumes a usual amount of
        gas, so a transaction that needs more must have a lower price.

        Raises OnboardingError (FEE_TOO_HIGH, FEE_IMPLAUSIBLE) if no block would include it at that
        price.
        """
        limit = self._ceiling if anew else self.limit(payer)
        usual = self._usual_gas.get(purpose, max(gas, 1))
        gas = max(gas, usual)
        if fees.base * gas > limit * usual:
            wanted, least = fees.cap * gas // usual, fees.base * gas // usual
            raise self._too_high(wanted, least, payer, _UNSIGNED)
        cap = min(fees.cap, limit * usual // gas)
        return Fees(cap=cap, tip=min(fees.tip, cap), base=fees.base)

    def raised(self, tx: Tx, now: Fees, balance: int, *, unasked: bool) -> Fees | None:
        """Return the fees of a replacement for `tx`, or None if it needs none or none is possible.

        A transaction needs a replacement when the base fee exceeds the signed fee. `unasked`: also
        when it does not, because some nodes ban a transaction for a while. Raises OnboardingError
        (FEE_TOO_HIGH, FEE_IMPLAUSIBLE, FEE_UNPAYABLE) if a replacement is needed but impossible.
        """
        stuck = now.base > tx.max_fee_wei
        if not stuck and not unasked:
            return None
        wanted = max(now.cap, tx.max_fee_wei * _RAISE_PERCENT // 100 + 1)
        least = max(now.base, tx.max_fee_wei * _LEAST_RAISE_PERCENT // 100 + 1)
        usual = self._usual_gas.get(tx.purpose, max(tx.gas, 1))
        limit = self.limit(tx.sender) * usual // max(tx.gas, usual)
        payable = (balance - tx.value_wei) // tx.gas
        if min(limit, payable) < least:
            if not stuck:
                return None
            if limit < least:
                raise self._too_high(wanted, least, tx.sender, _PENDING)
            raise self._unpayable(tx, least, balance)
        cap = min(wanted, limit, payable)
        signed_tip = tx.max_fee_wei if tx.legacy else tx.tip_wei
        tip = max(now.tip, signed_tip * _RAISE_PERCENT // 100 + 1)
        return Fees(cap=cap, tip=min(tip, cap), base=now.base)

    @property
    def _ceiling(self) -> int:
        return self._network.max_gas_price_wei

    def _too_high(self, wanted: int, least: int, payer: str, safe: str) -> OnboardingError:
        gas = self.gas_left(payer)
        until = self._clock.now() + _PAUSE
        token = self._network.token
        if least > self._ceiling:
            return fault(
                "FEE_IMPLAUSIBLE",
                now=format_peaq(gas * wanted, up=True),
                limit=format_peaq(gas * self._ceiling, up=True),
                network=self._network.title,
                token=token,
                safe=safe,
                until=until,
            )
        price = min(wanted, self._ceiling)
        return fault(
            "FEE_TOO_HIGH",
            now=format_peaq(gas * price, up=True),
            agreed=format_peaq(gas * self.limit(payer), up=True),
            token=token,
            safe=safe,
            payer=payer,
            price_wei=price,
            until=until,
        )

    def _unpayable(self, tx: Tx, price: int, balance: int) -> OnboardingError:
        needed = tx.value_wei + tx.gas * price
        return fault(
            "FEE_UNPAYABLE",
            purpose=TITLES[tx.purpose],
            needed=format_peaq(needed, up=True),
            held=format_peaq(balance),
            missing=format_peaq(needed - balance, up=True),
            address=tx.sender,
            token=self._network.token,
            until=self._clock.now() + _PAUSE,
        )
