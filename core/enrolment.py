"""Steps 3 and 4: an authenticator is linked and proves itself; its secret stays in memory."""

from __future__ import annotations

from core import events as ev
from core.context import Context
from core.errors import OnboardingError, fault
from core.gas_station import ALREADY_CONFIGURED, GasStation
from core.secrets import Secret
from core.totp import (
    USUAL_DIGITS,
    Enrolment,
    Judgement,
    Verdict,
    judge,
    read_enrolment,
    tidy_code,
)

IMAGE_SECONDS = 120.0
"""For how long the Gas Station's own QR image can be fetched; the otpauth entry does not expire."""


def station(context: Context) -> GasStation:
    """The Gas Station. Raises OnboardingError (NO_GAS_STATION)."""
    if context.gas_station is None:
        raise fault("NO_GAS_STATION", network=context.settings.network.title)
    return context.gas_station


async def enrol(context: Context) -> Enrolment | None:
    """Asks the Gas Station for an enrolment; None where this owner is enrolled already.

    Has an outside effect. Raises OnboardingError.
    """
    gas_station = station(context)
    owner = context.address
    await context.book.record(ev.EnrolmentRequested(owner))
    with context.book.waiting("The Gas Station prepares 2FA", usual=2.0, in_flight=True):
        setup = await gas_station.setup(owner)
    if setup is None:
        await context.book.record(ev.EnrolmentConfirmed(owner, ALREADY_CONFIGURED))
        return None
    enrolment = read_enrolment(setup.uri, owner)
    memory = context.memory
    if memory.enrolment is not None and memory.enrolment.secret != enrolment.secret:
        memory.older_enrolments.append(memory.enrolment)
    memory.enrolment, memory.image_url = enrolment, setup.image_url
    memory.image_expires = context.clock.monotonic() + IMAGE_SECONDS
    memory.used_codes.clear()
    await context.book.record(ev.EnrolmentIssued(owner))
    return enrolment


async def enrolment_shown(context: Context) -> None:
    """Records that the authenticator has the entry."""
    await context.book.record(ev.EnrolmentShown(context.address))


async def confirm(context: Context, typed: str) -> None:
    """Confirms with a code, which is judged here first. Has an outside effect.

    Raises OnboardingError: CODE_… for codes that were not sent, else the Gas Station's refusals.
    """
    code = examine(context, typed)
    owner = context.address
    try:
        with context.book.waiting("The Gas Station checks the code", usual=2.0, in_flight=True):
            await station(context).confirm(owner, code)
    except OnboardingError as error:
        await note_refusal(context, code, error)
        raise
    context.memory.used_codes.add(code)
    await context.book.record(ev.EnrolmentConfirmed(owner, "2FA_ACTIVATED"))


async def note_refusal(context: Context, code: Secret, error: OnboardingError) -> None:
    """What a refusal says about the code and the enrolment."""
    if error.code in ("INVALID_2FA", "CODE_EXPIRED", "TRANSFER_FAILED", "GAS_STATION_NO_ANSWER"):
        context.memory.used_codes.add(code)
    if error.code in ("2FA_NOT_CONFIGURED", "2FA_NOT_ACTIVE"):
        await context.book.record(ev.EnrolmentLost(context.address, error.code))


def examine(context: Context, typed: str) -> Secret:
    """A typed code, ready to be sent. Raises OnboardingError (CODE_…) for one that is not worth
    an attempt, as far as that can be known: without the secret only its form is.
    """
    enrolment = context.memory.enrolment
    # An entry of before this start may have eight digits; which, only the authenticator knows.
    lengths = (enrolment.digits,) if enrolment else USUAL_DIGITS
    code = tidy_code(typed, *lengths)
    if enrolment is None:
        if code in context.memory.used_codes:
            seconds = 30 - int(station(context).server_time().timestamp()) % 30
            raise fault("CODE_USED", seconds=seconds)
        return code
    judgement = judge(enrolment, code, station(context).server_time(), context.memory.used_codes)
    if judgement.verdict is Verdict.USED:
        raise fault("CODE_USED", seconds=judgement.seconds)
    if judgement.verdict is Verdict.MISTYPED:
        now = station(context).server_time()
        for older in context.memory.older_enrolments:
            if judge(older, code, now).verdict is not Verdict.MISTYPED:
                raise fault("CODE_OF_OLD_ENTRY", label=enrolment.label)
        raise fault("CODE_MISTYPED", label=enrolment.label)
    if judgement.verdict is not Verdict.GOOD:
        raise _skewed(context, judgement)
    return code


def _skewed(context: Context, judgement: Judgement) -> OnboardingError:
    """Which clock is off: by the service's time it is the phone's; without it, one of the two."""
    told = station(context).skew is not None
    return fault(
        "CODE_SKEWED",
        seconds=judgement.seconds,
        direction="ahead of" if judgement.verdict is Verdict.EARLY else "behind",
        reference="the right time" if told else "this machine; one of the two clocks is off",
        device="the phone" if told else "phone and machine",
    )
