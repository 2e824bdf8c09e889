"""Client of the Gas Station: three calls, with responses distinguished by code, never by text.

Wire format: protocol.md, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.clock import Clock
from core.errors.problem import OnboardingError, fault
from core.http import Http, HttpAnswer, HttpFault
from core.secrets import Secret
from core.text import clean

TIMEOUT = 30.0
"""Seconds; the official client's timeout."""
ALREADY_CONFIGURED = "2FA_ALREADY_CONFIGURED"

# Waits for responses without `Retry-After`.
_PAUSES = {
    "RATE_LIMITED": timedelta(seconds=60),
    "2FA_LOCKED": timedelta(minutes=5),
    "DUPLICATE_REQUEST": timedelta(seconds=10),
}
_DAILY = ("CAP_EXCEEDED_OWNER", "CAP_EXCEEDED_WALLET")
_SAME_NAME = {
    "INVALID_2FA",
    "2FA_LOCKED",
    "2FA_NOT_CONFIGURED",
    "2FA_NOT_ACTIVE",
    "QR_GENERATION_FAILED",
    "DUPLICATE_REQUEST",
    "REQUEST_ALREADY_PROCESSED",
    "RATE_LIMITED",
    "CAP_EXCEEDED_OWNER",
    "CAP_EXCEEDED_WALLET",
    "TRANSFER_FAILED",
}
_RENAMED = {
    "TOTP_EXPIRED": "CODE_EXPIRED",
    "TWO_FA_EXPIRED": "CODE_EXPIRED",
    "2FA_EXPIRED": "CODE_EXPIRED",
    "INVALID_OWNER_ADDRESS": "OWNER_ADDRESS_REFUSED",
}
_REFUSALS = {*_SAME_NAME, *_RENAMED, ALREADY_CONFIGURED}
_SETTLED = ("SUCCESS", "SUFFICIENT_BALANCE")
"""Codes that settle a funding request."""
_DONE = {*_SETTLED, "2FA_ACTIVATED"}
"""Codes of protocol.md that report a completed action; a refusal never has one."""


@dataclass(frozen=True, repr=False)
class Setup:
    uri: Secret
    image_url: str
    """Foreign text, cleaned; expires about two minutes after it is issued."""


@dataclass(frozen=True)
class Funding:
    """A funding response. `code` SUCCESS: paid (`transaction_hash`, `amount` in wei);
    SUFFICIENT_BALANCE: not.
    """

    code: str
    transaction_hash: str = ""
    amount: int = 0


class GasStation:
    def __init__(self, http: Http, chain: str, clock: Clock) -> None:
        self._http = http
        self._chain = chain
        self._clock = clock
        self.skew: timedelta | None = None
        """How far the service's clock is ahead of this machine's, from `Date`; None before a
        response.
        """

    @property
    def host(self) -> str:
        return self._http.host

    def server_time(self) -> datetime:
        """Return the service's current time, which decides whether a one-time code is valid."""
        return self._clock.now() + (self.skew or timedelta(0))

    async def probe(self) -> None:
        """Check that this is a Gas Station, with an empty address so that nothing can happen.

        Raises OnboardingError (GAS_STATION_…).
        """
        try:
            await self._post("/2fa/setup", {"ownerAddress": "", "format": "svg"}, timeout=8.0)
        except OnboardingError as error:
            if error.code.startswith("GAS_STATION_") and error.code != "GAS_STATION_REFUSED":
                raise

    async def setup(self, owner: str) -> Setup | None:
        """Request an enrolment; return None if the owner is already enrolled.

        Has an outside effect: it may replace an earlier unconfirmed enrolment. Raises
        OnboardingError.
        """
        try:
            data = await self._post("/2fa/setup", {"ownerAddress": owner, "format": "svg"})
        except OnboardingError as error:
            if error.problem.params.get("code") == ALREADY_CONFIGURED:
                return None
            raise
        uri = data.get("otpauthUri")
        if not isinstance(uri, str):
            raise fault("ENROLMENT_UNUSABLE", reason="The answer contains no otpauth URI.")
        return Setup(Secret(uri), clean(data.get("qrImageUrl") or "", 200))

    async def confirm(self, owner: str, code: Secret) -> None:
        """Activate the enrolment. Has an outside effect; uses up an attempt.

        Raises OnboardingError; ALREADY_CONFIGURED counts as confirmed.
        """
        try:
            body = {"ownerAddress": owner, "twoFactorCode": code}
            await self._post("/2fa/confirm", body, done=("2FA_ACTIVATED",))
        except OnboardingError as error:
            if error.problem.params.get("code") != ALREADY_CONFIGURED:
                raise

    async def fund(self, owner: str, code: Secret, request_id: str) -> Funding:
        """Request funds for the owner's own wallet. Has an outside effect: it may pay.

        `request_id` is the idempotency key, and must be on disk. Raises OnboardingError; after
        GAS_STATION_NO_ANSWER, the payment may or may not have happened.
        """
        body = {
            "ownerAddress": owner,
            "targetWalletAddress": owner,
            "chainId": self._chain,
            "twoFactorCode": code,
            "requestId": request_id,
        }
        try:
            data, settled = await self._exchange("/faucet/fund", body, TIMEOUT, _SETTLED)
        except _NoEnvelope as mismatch:
            raise fault("GAS_STATION_NO_ANSWER", reason=mismatch.reason) from mismatch
        if settled == "SUFFICIENT_BALANCE":
            return Funding(settled)
        return Funding(settled, clean(data.get("txHash") or "", 80), _wei(data))

    async def close(self) -> None:
        await self._http.close()

    async def _post(
        self,
        path: str,
        body: dict[str, Any],
        timeout: float = TIMEOUT,
        done: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        try:
            return (await self._exchange(path, body, timeout, done))[0]
        except _NoEnvelope as mismatch:
            code = "GAS_STATION_NOT_ITSELF" if mismatch.mismatch else "GAS_STATION_UNREACHABLE"
            raise fault(code, host=self.host, reason=mismatch.reason) from mismatch

    async def _exchange(
        self, path: str, body: dict[str, Any], timeout: float, done: tuple[str, ...]
    ) -> tuple[dict[str, Any], str]:
        """Return `data` and `code` of a success; if `done` is not empty, it must contain the code.

        Raises OnboardingError, and _NoEnvelope for a response that is neither success nor refusal.
        """
        plain = {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in body.items()
        }
        before = self._clock.now()
        try:
            answer = await self._http.request("POST", path, body=plain, timeout=timeout)
        except HttpFault as error:
            if not error.arrived:
                raise fault(
                    "GAS_STATION_UNREACHABLE", host=error.host, reason=error.reason
                ) from None
            raise _NoEnvelope(error.reason, mismatch=False) from None
        if answer.server_time:
            skew = answer.server_time - (before + (self._clock.now() - before) / 2)
            # `Date` has whole seconds, so a difference of up to one is ignored.
            self.skew = skew if abs(skew) > timedelta(seconds=1) else timedelta(0)
        envelope = _envelope(answer)
        data, code = envelope.get("data"), str(envelope.get("code") or "")
        succeeded = answer.status < 400 and envelope.get("status") in ("success", "skipped")
        refused = code in _REFUSALS
        if succeeded and (code in done if done else not refused):
            return data if isinstance(data, dict) else {}, code
        if code in _DONE or (succeeded and not refused):
            said = f"code {clean(code, 60)}" if code else "no code"
            raise _NoEnvelope(
                f"HTTP status {answer.status} with {said}", mismatch=answer.status < 500
            )
        raise self._refusal(answer, envelope)

    def _refusal(self, answer: HttpAnswer, envelope: dict[str, Any]) -> OnboardingError:
        code = clean(envelope.get("code") or "", 60)
        if not code and answer.status == 429:
            code = "RATE_LIMITED"
        message = clean(envelope.get("message") or "no reason given")
        if code in _SAME_NAME:
            until = self._until(code, answer)
            return fault(code, detail=message, until=until, code=code)
        if code in _RENAMED:
            return fault(_RENAMED[code], detail=message, code=code, message=message)
        code = code or f"HTTP status {answer.status}"
        return fault("GAS_STATION_REFUSED", detail=message, code=code, message=message)

    def _until(self, code: str, answer: HttpAnswer) -> datetime | None:
        now = self._clock.now()
        if code in _DAILY:
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
            return answer.retry_after(now) or midnight
        if code in _PAUSES:
            return answer.retry_after(now) or now + _PAUSES[code]
        return None


class _NoEnvelope(Exception):
    """The request was sent, and the response is not from a Gas Station."""

    def __init__(self, reason: str, *, mismatch: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.mismatch = mismatch


def _envelope(answer: HttpAnswer) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and ("status" in body or "code" in body):
        return body
    if answer.status == 429:
        return {}
    raise _NoEnvelope(answer.describe(), mismatch=answer.status < 500)


def _wei(data: dict[str, Any]) -> int:
    """Return `fundedAmount`, wei as a decimal string; 0 if unreadable: the balance decides."""
    text = str(data.get("fundedAmount", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 30 else 0
