"""Steps 3 and 4: link an authenticator and confirm it; its secret stays in memory."""

from __future__ import annotations

import math

from core.errors.problem import OnboardingError, fault
from core.journal import events as ev
from core.secrets import Secret
from core.services.gas_station import ALREADY_CONFIGURED, GasStation
from core.services.otpauth import (
    USUAL_DIGITS,
    Diagnosis,
    Enrolment,
    Verdict,
    diagnose_code,
    normalise_code,
    read_enrolment,
)
from core.steps.context import Context

_USUAL_PERIOD = 30
"""Seconds for which an app shows a code, if the entry is unknown."""
IMAGE_SECONDS = 120.0
"""Validity of the Gas Station's QR image in seconds; the otpauth entry does not expire."""


def station(context: Context) -> GasStation:
    """Return the Gas Station's client. Raises OnboardingError (NO_GAS_STATION)."""
    if context.gas_station is None:
        raise fault("NO_GAS_STATION", network=context.settings.network.title)
    return context.gas_station


async def enrol(context: Context) -> Enrolment | None:
    """Request an enrolment from the Gas Station; return None if this owner is already enrolled.

    Has an outside effect. Raises OnboardingError.
    """
    gas_station = station(context)
    owner = context.address
    await context.store.record(ev.EnrolmentRequested(owner))
    with context.store.waiting("Requesting 2FA setup", usual=2.0, in_flight=True):
        setup = await gas_station.setup(owner)
    if setup is None:
        await context.store.record(ev.EnrolmentConfirmed(owner, ALREADY_CONFIGURED))
        return None
    enrolment = read_enrolment(setup.uri, owner)
    memory = context.memory
    if memory.enrolment is not None and memory.enrolment.secret != enrolment.secret:
        memory.older_enrolments.append(memory.enrolment)
    memory.enrolment, memory.image_url = enrolment, setup.image_url
    memory.image_expires = context.clock.monotonic() + IMAGE_SECONDS
    memory.used_codes.clear()
    memory.shown_until.clear()
    await context.store.record(ev.EnrolmentIssued(owner))
    return enrolment


async def enrolment_shown(context: Context) -> None:
    """Record that the authenticator has the entry."""
    await context.store.record(ev.EnrolmentShown(context.address))


async def confirm(context: Context, typed: str) -> None:
    """Confirm the enrolment with a code, after checking the code locally. Has an outside effect.

    Raises OnboardingError: CODE_… for codes that were not sent, else the Gas Station's refusals.
    """
    code = validate_code(context, typed)
    owner = context.address
    try:
        with context.store.waiting("Checking the code", usual=2.0, in_flight=True):
            await station(context).confirm(owner, code)
    except OnboardingError as error:
        await note_refusal(context, code, error)
        raise
    context.memory.used_codes.add(code)
    await context.store.record(ev.EnrolmentConfirmed(owner, "2FA_ACTIVATED"))


_USED_UP = ("INVALID_2FA", "CODE_EXPIRED", "GAS_STATION_NO_ANSWER", "TRANSFER_FAILED")
"""Refusals after which the same code must not be sent again."""


async def note_refusal(context: Context, code: Secret, error: OnboardingError) -> None:
    """Record what a refusal means for the code and the enrolment."""
    if error.code in _USED_UP:
        context.memory.used_codes.add(code)
    if error.code in ("2FA_NOT_CONFIGURED", "2FA_NOT_ACTIVE"):
        await context.store.record(ev.EnrolmentLost(context.address, error.code))


def next_code_in(context: Context) -> float:
    """Return the seconds for which the app still shows a used code; 0 if it shows another."""
    memory = context.memory
    ends = [memory.shown_until.get(code, 0.0) for code in memory.used_codes]
    return max(max(ends, default=0.0) - context.clock.monotonic(), 0.0)


def validate_code(context: Context, typed: str) -> Secret:
    """Return a typed code, ready to send.

    Raises OnboardingError (CODE_…) for a code that would fail, as far as that is known: without the
    secret, only the form can be checked.
    """
    enrolment = context.memory.enrolment
    # An entry from before this start may have six or eight digits; only the authenticator knows.
    lengths = (enrolment.digits,) if enrolment else USUAL_DIGITS
    code = normalise_code(typed, *lengths)
    memory, monotonic = context.memory, context.clock.monotonic()
    if code in memory.used_codes:
        left = math.ceil(memory.shown_until.get(code, 0.0) - monotonic)
        raise fault("CODE_USED", when=f"in {left} s" if left > 0 else "now")
    now = station(context).server_time()
    if enrolment is None:
        memory.shown_until[code] = monotonic + _USUAL_PERIOD - now.timestamp() % _USUAL_PERIOD
        return code
    judgement = diagnose_code(enrolment, code, now)
    if judgement.verdict is Verdict.MISTYPED:
        for older in memory.older_enrolments:
            if diagnose_code(older, code, now).verdict is not Verdict.MISTYPED:
                raise fault("CODE_OF_OLD_ENTRY", label=enrolment.label)
        raise fault("CODE_MISTYPED", label=enrolment.label)
    if judgement.verdict is not Verdict.GOOD:
        raise _skewed(context, judgement)
    memory.shown_until[code] = monotonic + enrolment.shown_for(code, now)
    return code


def _skewed(context: Context, judgement: Diagnosis) -> OnboardingError:
    """Return the error for a wrong clock: the phone's, or without server time either one."""
    told = station(context).skew is not None
    return fault(
        "CODE_SKEWED",
        seconds=judgement.seconds,
        direction="ahead of" if judgement.verdict is Verdict.EARLY else "behind",
        reference="the correct time" if told else "this machine. One of the two clocks is wrong",
        device="the phone" if told else "both the phone and this machine",
    )
