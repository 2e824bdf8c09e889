"""The price per gas that may be signed: what was agreed, and never more than the network's limit.

What is agreed is a price in wei per gas. People see it as money: that price times the gas of every
transaction that is still to come, replacements included.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from core.amounts import format_peaq
from core.chain.types import Fees
from core.chain.unsigned import SINGLE, TITLES
from core.clock import Clock
from core.config.networks import Network
from core.errors.problem import OnboardingError, fault
from core.journal.event_store import EventStore
from core.journal.state import State, Tx

GAS_OF = {"register": 400_000, "mint": 350_000, "did": 1_400_000}
"""Gas with room to spare; the exact amount is estimated before each transaction."""
TRANSFER_GAS = 21_000
"""Gas of a plain transfer (Ethereum yellow paper, appendix G); the node's estimate decides."""
ROOM = 2
"""The agreed price as a multiple of the price that would be signed now, which is twice the base
fee. The base fee can then rise fourfold, or a transaction be replaced three times, before the
wizard asks again. At the usual price of a rehearsal (10 gwei) the maximum fee of all transactions
is 0.086 PEAQ, which the safety margin of the funding requirement (0.1 PEAQ) covers.
"""
_RAISE_PERCENT = 125
_LEAST_RAISE_PERCENT = 110
"""Pools refuse a replacement that raises either fee field by less than ten per cent."""
_UNASKED = 25
"""A network's ceiling is about 100 times its usual price. Without an agreement the wizard signs at
most a 25th of the ceiling: about what it would ask people to agree to (four times the base fee).
"""
_PAUSE = timedelta(minutes=5)
_UNSIGNED = "Nothing was signed. What was done before stays done."
_PENDING = "The transaction stays pending. It is paid once at most."


def _usual_gas(purpose: str, gas: int) -> int:
    """Gas that the maximum fee of a transaction was shown for; `gas` if none is usual."""
    usual = {**GAS_OF, SINGLE: sum(GAS_OF.values()), "funding": TRANSFER_GAS * 125 // 100}
    return usual.get(purpose, max(gas, 1))


def gas_left(state: State, payer: str) -> int:
    """Gas of everything that `payer` still has to sign: the machine's steps, or one transfer."""
    if payer != state.address:
        return TRANSFER_GAS * 125 // 100
    done = {"register": state.registered, "mint": state.minted, "did": state.did}
    return sum(gas for purpose, gas in GAS_OF.items() if done[purpose] is None)


def price_to_agree(fees: Fees, network: Network, *, gas: int, spare: int) -> int:
    """The price per gas that people are asked to agree to.

    `ROOM` times today's price, but within `spare`, the wei that the wallet has for `gas`, so that
    the maximum fee stays inside the safety margin; and never above the network's limit.
    """
    price = max(min(ROOM * fees.cap, spare // gas), fees.cap)
    return min(price, network.max_gas_price_wei)


class FeeLimit:
    """Refuses every price above the agreed one and above the network's limit.

    `agreed`: what was agreed to in this run, in wei per gas by the address that pays. The journal
    keeps it with each signed transaction, so that a later run stays below it too.
    """

    def __init__(
        self, network: Network, store: EventStore, clock: Clock, agreed: Mapping[str, int]
    ):
        self._network = network
        self._store = store
        self._clock = clock
        self._agreed = agreed

    def agreed(self, payer: str) -> int | None:
        """Wei per gas; None where nothing was agreed, as in older journals."""
        agreed = self._agreed.get(payer)
        return self._store.state.agreed_price(payer) if agreed is None else agreed

    def limit(self, payer: str) -> int:
        """Wei per gas that may be signed at most.

        Without an agreement (a registration that was found, an older journal), a small multiple of
        the network's usual price.
        """
        agreed = self.agreed(payer)
        if agreed is None:
            return self._ceiling // _UNASKED
        return min(agreed, self._ceiling)

    def within(
        self, fees: Fees, payer: str, *, anew: bool = False, purpose: str = "", gas: int = 0
    ) -> Fees:
        """`fees`, lowered to what may be signed. `anew`: people agree to a price afterwards, so
        that only the network's limit counts.

        `gas` is that of a transaction for `purpose`. The maximum fee was shown for a usual amount
        of gas: a transaction that takes more has to be cheaper per gas.

        Raises OnboardingError (FEE_TOO_HIGH, FEE_IMPLAUSIBLE) where no block would take that.
        """
        limit = self._ceiling if anew else self.limit(payer)
        usual = _usual_gas(purpose, gas)
        gas = max(gas, usual)
        if fees.base * gas > limit * usual:
            wanted, least = fees.cap * gas // usual, fees.base * gas // usual
            raise self._too_high(wanted, least, payer, _UNSIGNED)
        cap = min(fees.cap, limit * usual // gas)
        return Fees(cap=cap, tip=min(fees.tip, cap), base=fees.base)

    def raised(self, tx: Tx, now: Fees, balance: int, *, unasked: bool) -> Fees | None:
        """The fees of a replacement for `tx`, or None where none is needed or possible.

        A replacement is needed where the base fee is above what was signed; `unasked`: also where
        it is not, since some nodes ban a transaction for a while. Raises OnboardingError
        (FEE_TOO_HIGH, FEE_IMPLAUSIBLE, FEE_UNPAYABLE) where one is needed and impossible.
        """
        stuck = now.base > tx.max_fee_wei
        if not stuck and not unasked:
            return None
        wanted = max(now.cap, tx.max_fee_wei * _RAISE_PERCENT // 100 + 1)
        least = max(now.base, tx.max_fee_wei * _LEAST_RAISE_PERCENT // 100 + 1)
        usual = _usual_gas(tx.purpose, tx.gas)
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
        gas = gas_left(self._store.state, payer)
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
