"""The rehearsal's Gas Station (protocol.md, section 3): real codes, real transfers.

Choices that the protocol leaves open: a settled or pending `requestId` is answered before the code
is checked. An answer `skipped` settles nothing. The code that reaches the limit of invalid codes
still gets INVALID_2FA, the next one 2FA_LOCKED. A valid code is used up even if the funding is then
refused.
"""

from __future__ import annotations

import math
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from eth_typing import Address

from app.rehearsal.faults import FaultBook
from app.rehearsal.node.mempool import Refused
from app.rehearsal.node.node import Node
from app.rehearsal.payloads import (
    Refusal,
    code_in,
    fund_payload,
    owner_in,
    setup_format,
)
from app.rehearsal.services.enrolments import Enrolments, Verdict
from app.rehearsal.services.policy import GasStationPolicy
from app.rehearsal.services.qr_images import QrImages

LOCKED_FAULT_SECONDS = 20
RATE_LIMITED_FAULT_SECONDS = 30
POOR_WEI = 6 * 10**17
UNDERFUNDED_WEI = 55 * 10**16


@dataclass(frozen=True)
class Transfer:
    """A payment of the Gas Station."""

    request_id: str
    owner: str
    target: str
    wei: int
    hash: str
    day: str
    raw: str


@dataclass(frozen=True)
class Answer:
    """An HTTP response. `dropped`: the work is done, but the caller never learns of it."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False


def _answer(status: str, code: str, data: dict[str, Any], message: str) -> Answer:
    return Answer(200, {"status": status, "code": code, "data": data, "message": message})


def refusal_answer(refusal: Refusal) -> Answer:
    """Return the envelope of a refusal, with Retry-After if waiting helps."""
    headers = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after)))
    body = {"status": "error", "code": refusal.code, "data": {}, "message": refusal.message}
    return Answer(refusal.status, body, headers)


class GasStation:
    """Gas Station that enrols owners and funds wallets from the rehearsal's faucet account."""

    def __init__(
        self,
        *,
        policy: GasStationPolicy,
        node: Node,
        images: QrImages,
        state: dict[str, Any],
        faults: Callable[[dict[str, int], Callable[[], None]], FaultBook],
        now: Callable[[], datetime],
    ) -> None:
        self._policy = policy
        self._node = node
        self._images = images
        self._now = now
        self._seed = bytes.fromhex(state.get("seed") or secrets.token_hex(32))
        self.enrolments = Enrolments(
            state.get("owners", {}),
            seed=self._seed,
            policy=policy,
        )
        self.transfers = {
            name: Transfer(**fields) for name, fields in state.get("transfers", {}).items()
        }
        self.faults = faults(state.get("faults", {}), self._save)
        self._calls: dict[str, deque[float]] = {}
        self._settle_interrupted()
        self._save()

    def _settle_interrupted(self) -> None:
        """Send transactions that were recorded but, according to the chain, not sent before a kill.

        The same bytes have the same nonce, so they cannot pay twice.
        """
        for transfer in list(self.transfers.values()):
            if self._known_to_node(transfer):
                continue
            try:
                self._node.submit(self._node.decode(bytes.fromhex(transfer.raw[2:])))
            except Refused:
                del self.transfers[transfer.request_id]

    def _known_to_node(self, transfer: Transfer) -> bool:
        transaction_hash = bytes.fromhex(transfer.hash[2:])
        return (
            self._node.chain.find(transaction_hash) is not None
            or self._node.pool.get(transaction_hash) is not None
        )

    def _save(self) -> None:
        self._node.store.save_gas_station(
            {
                "seed": self._seed.hex(),
                "owners": self.enrolments.state(),
                "transfers": {key: asdict(item) for key, item in self.transfers.items()},
                "faults": self.faults.used,
            }
        )

    def _time(self) -> float:
        return self._now().timestamp()

    def answer(self, call: str, payload: Any) -> Answer:
        """Process `2fa/setup`, `2fa/confirm` or `faucet/fund`, and store the changes."""
        handlers = {
            "2fa/setup": self._setup,
            "2fa/confirm": self._confirm,
            "faucet/fund": self._fund,
        }
        try:
            if not isinstance(payload, dict):
                raise Refusal("INVALID_PAYLOAD", "The body must be a JSON object")
            return handlers[call](payload)
        except Refusal as refusal:
            return refusal_answer(refusal)
        finally:
            self._save()

    # Enrolment

    def _setup(self, payload: dict[str, Any]) -> Answer:
        owner = owner_in(payload)
        kind = setup_format(payload)
        self._throttle(owner)
        if self.enrolments.of(owner).active:
            raise Refusal("2FA_ALREADY_CONFIGURED", "2FA is already configured for this owner")
        if self.faults.take("qr-failed"):
            raise Refusal("QR_GENERATION_FAILED", "QR code generation failed")
        uri = self.enrolments.renew(owner)
        image = self._images.publish(uri, kind, at=self._time())
        data = {"ownerAddress": payload["ownerAddress"], "otpauthUri": uri, "qrImageUrl": image}
        return _answer("success", "SUCCESS", data, "Scan the QR code with an authenticator app")

    def _confirm(self, payload: dict[str, Any]) -> Answer:
        owner = owner_in(payload)
        code = code_in(payload)
        self._throttle(owner)
        self._check_code(owner, code, kind="confirm")
        self.enrolments.of(owner).active = True
        data = {"ownerAddress": payload["ownerAddress"]}
        return _answer("success", "2FA_ACTIVATED", data, "2FA is active")

    def _check_code(self, owner: str, code: str, *, kind: str) -> None:
        enrolment = self.enrolments.of(owner)
        if enrolment.counter == 0 or self.faults.take("2fa-not-configured"):
            raise Refusal("2FA_NOT_CONFIGURED", "2FA is not configured for this owner")
        if kind == "fund" and not enrolment.active:
            raise Refusal("2FA_NOT_ACTIVE", "2FA has not been confirmed")
        now = self._time()
        if now >= enrolment.locked_until and self.faults.take("locked"):
            enrolment.locked_until = now + LOCKED_FAULT_SECONDS
        if now >= enrolment.locked_until:
            if kind == "fund" and self.faults.take("expired-code"):
                raise Refusal("TOTP_EXPIRED", "The 2FA code has expired")
            if self.faults.take("invalid-code"):
                raise Refusal("INVALID_2FA", "Invalid 2FA code")
        used_for = "any" if self._policy.fresh_code_for_funding else kind
        verdict = self.enrolments.check(owner, code, kind=used_for, at=now)
        if verdict is Verdict.LOCKED:
            raise Refusal("2FA_LOCKED", "2FA locked", retry_after=enrolment.locked_until - now)
        if verdict is Verdict.BAD:
            raise Refusal("INVALID_2FA", "Invalid 2FA code")

    def _throttle(self, owner: str) -> None:
        """Count a request of an owner; refuse too many in a window."""
        now = self._time()
        calls = self._calls.setdefault(owner, deque())
        while calls and calls[0] <= now - self._policy.rate_window_seconds:
            calls.popleft()
        if len(calls) >= self._policy.rate_limit:
            wait = calls[0] + self._policy.rate_window_seconds - now
            raise Refusal("RATE_LIMITED", "Faucet rate limit exceeded", retry_after=wait)
        calls.append(now)

    # Funding

    def _fund(self, payload: dict[str, Any]) -> Answer:
        owner = owner_in(payload)
        code, target, request_id = fund_payload(payload)
        self._throttle(owner)
        self._limit(owner)
        self._refuse_known(request_id)
        self._check_code(owner, code, kind="fund")
        if self.faults.take("owner-cap"):
            raise _owner_cap()
        if self.faults.take("wallet-cap"):
            raise _wallet_cap()
        if self.faults.take("skipped-but-poor"):
            self._leave_poor(target)
            return self._skipped(target)
        if self._balance(target) >= self._policy.min_gas_balance:
            return self._skipped(target)
        wei = UNDERFUNDED_WEI if self.faults.take("underfunded") else self._policy.amount
        self._check_caps(owner, target, wei)
        if self.faults.take("transfer-failed"):
            raise Refusal("TRANSFER_FAILED", "The transfer failed; nothing was paid")
        transfer = self._pay(request_id, owner, target, wei)
        data = {"txHash": transfer.hash, "fundedAmount": str(wei)}
        paid = _answer("success", "SUCCESS", data, "Wallet funded")
        if self.faults.take("lost-answer"):
            return Answer(paid.status, paid.body, dropped=True)
        return paid

    def _limit(self, owner: str) -> None:
        enrolment, now = self.enrolments.of(owner), self._time()
        if now >= enrolment.limited_until and self.faults.take("rate-limited"):
            enrolment.limited_until = now + RATE_LIMITED_FAULT_SECONDS
        if now < enrolment.limited_until:
            wait = enrolment.limited_until - now
            raise Refusal("RATE_LIMITED", "Faucet rate limit exceeded", retry_after=wait)

    def _refuse_known(self, request_id: str) -> None:
        """Refuse a request id that has paid, or is about to."""
        transfer = self.transfers.get(request_id)
        pending = transfer and self._node.pool.get(bytes.fromhex(transfer.hash[2:]))
        if pending or self.faults.take("duplicate-request"):
            raise Refusal("DUPLICATE_REQUEST", "This request is already being processed")
        if transfer:
            raise Refusal("REQUEST_ALREADY_PROCESSED", "This request has been processed")

    def _check_caps(self, owner: str, target: str, wei: int) -> None:
        today = [item for item in self.transfers.values() if item.day == self._day()]
        if sum(item.wei for item in today if item.owner == owner) + wei > self._policy.owner_cap:
            raise _owner_cap()
        if sum(item.wei for item in today if item.target == target) + wei > self._policy.wallet_cap:
            raise _wallet_cap()

    def _pay(self, request_id: str, owner: str, target: str, wei: int) -> Transfer:
        """Pay on the chain; the transaction is on disk before it is sent."""
        transaction = self._node.sign("faucet", _address(target), wei)
        transfer = Transfer(
            request_id=request_id,
            owner=owner,
            target=target,
            wei=wei,
            hash="0x" + transaction.hash.hex(),
            day=self._day(),
            raw="0x" + transaction.encode().hex(),
        )
        self.transfers[request_id] = transfer
        self._save()
        try:
            self._node.submit(transaction)
        except Refused as refused:
            del self.transfers[request_id]
            raise Refusal("TRANSFER_FAILED", f"The transfer failed: {refused}") from refused
        return transfer

    def _skipped(self, target: str) -> Answer:
        data = {
            "currentBalance": str(self._balance(target)),
            "minGasBalance": str(self._policy.min_gas_balance),
        }
        return _answer("skipped", "SUFFICIENT_BALANCE", data, "The wallet holds enough for gas")

    def _leave_poor(self, target: str) -> None:
        """Leave the wallet a balance that is sufficient for the Gas Station but does not cover a
        bond.
        """
        missing = POOR_WEI - self._balance(target)
        if missing > 0:
            self._node.act("admin", _address(target), wei=missing)

    def _balance(self, target: str) -> int:
        balance: int = self._node.chain.state().get_balance(_address(target))
        return balance

    def _day(self) -> str:
        return self._now().astimezone(timezone.utc).date().isoformat()


def _owner_cap() -> Refusal:
    return Refusal("CAP_EXCEEDED_OWNER", "Owner daily funding cap exceeded")


def _wallet_cap() -> Refusal:
    return Refusal("CAP_EXCEEDED_WALLET", "Wallet daily funding cap exceeded")


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))
