"""Faults of the Gas Station and of the codes that it asks for."""

from __future__ import annotations

from core.errors.entry import Entry, Kind

GAS_STATION = (
    Entry(
        "INVALID_2FA",
        "Invalid 2FA code",
        "The Gas Station did not take the code: mistyped, too old, or used before.",
        "{Enter_code}.",
    ),
    Entry(
        "CODE_MALFORMED",
        "Not a {digits}-digit code",
        "A code has {digits} digits; this has {found}.",
        "Enter the {digits} digits that the authenticator app shows. Spaces do not matter.",
        money="",
    ),
    Entry(
        "CODE_MISTYPED",
        "Code does not match",
        "It is not a code of this machine's entry. Either a digit is wrong, "
        "or it is from another entry, or the phone's clock is far off.",
        "Choose the entry {label}, and type its code. It was not sent; no attempt was used.",
        money="",
    ),
    Entry(
        "CODE_OF_OLD_ENTRY",
        "Code of an older entry",
        "It is a code of an older entry for this machine; a newer QR code has replaced it.",
        "Delete the older entry in the app, then {scan_qr}. Enter its code. "
        "The older code was not sent.",
        money="",
    ),
    Entry(
        "CODE_USED",
        "Code already used",
        "Each code works once. This one was used before, so it was not sent again.",
        "Enter the code your app shows {when}.",
        money="",
    ),
    Entry(
        "CODE_SKEWED",
        "Clocks differ",
        "The code is right, but the phone is about {seconds} s {direction} {reference}.",
        "Set {device} to automatic time, then type the next code. It was not sent.",
        money="",
    ),
    Entry(
        "2FA_LOCKED",
        "2FA locked",
        "Too many wrong codes for this owner. The lock opens by itself.",
        "When the time is over, {enter_code}.",
        Kind.WAITING,
    ),
    Entry(
        "2FA_NOT_CONFIGURED",
        "2FA is not set up",
        "The Gas Station knows no authenticator for this owner.",
        "{Retry}, then scan the new QR code.",
    ),
    Entry(
        "2FA_NOT_ACTIVE",
        "2FA is not confirmed yet",
        "The authenticator was linked, but never confirmed with a code.",
        "{Retry}, then enter a code to confirm it.",
    ),
    Entry(
        "CODE_EXPIRED",
        "Code expired",
        "Invalid 2FA code: it was too old when it reached the Gas Station.",
        "Type the next code soon after it appears.",
    ),
    Entry(
        "OWNER_ADDRESS_REFUSED",
        "The Gas Station does not accept the address",
        "It says: {message}",
        "{Fund}.",
        again="after a change",
    ),
    Entry(
        "QR_GENERATION_FAILED",
        "The Gas Station could not prepare 2FA",
        "A fault on its side.",
        "{Retry}.",
        Kind.NETWORK,
    ),
    Entry(
        "DUPLICATE_REQUEST",
        "The Gas Station is still at it",
        "The same request is being worked on. It is not paid twice.",
        "Wait: the wizard watches the balance. If nothing arrives, {enter_code}. "
        "It is the same request.",
        Kind.WAITING,
        money="A payment may be on its way.",
    ),
    Entry(
        "REQUEST_ALREADY_PROCESSED",
        "The Gas Station has settled this request",
        "It was answered before, but the wallet holds {held} of {needed} {token} so far.",
        "{Retry}, or {fund}.",
        Kind.WAITING,
        money="A payment may be on its way.",
    ),
    Entry(
        "RATE_LIMITED",
        "Faucet rate limit exceeded",
        "The Gas Station has had too many requests for this address, or from this line.",
        "When the time is over, {retry}. Or {fund}.",
        Kind.WAITING,
    ),
    Entry(
        "CAP_EXCEEDED_OWNER",
        "Owner daily funding cap exceeded",
        "The Gas Station has paid this owner all that it pays in a day.",
        "{Fund} now, or come back tomorrow.",
        Kind.WAITING,
    ),
    Entry(
        "CAP_EXCEEDED_WALLET",
        "Wallet daily funding cap exceeded",
        "The Gas Station has paid this wallet all that it pays in a day.",
        "{Fund} now, or come back tomorrow.",
        Kind.WAITING,
    ),
    Entry(
        "TRANSFER_FAILED",
        "The Gas Station's transfer failed",
        "It accepted the request, but its payment did not go through.",
        "{Enter_code}. It is the same request, and is paid once at most.",
    ),
    Entry(
        "GAS_STATION_UNREACHABLE",
        "The Gas Station does not answer",
        "{host}: {reason}.",
        "Check the connection and PEAQOS_GAS_STATION_URL, then {retry}. Or {fund}.",
        Kind.NETWORK,
    ),
    Entry(
        "GAS_STATION_NO_ANSWER",
        "The Gas Station's answer was lost",
        "The request was sent, but no answer came back: {reason}.",
        "The wizard watches the balance. If nothing arrives, {enter_code}. "
        "It is the same request, and is paid once at most.",
        Kind.NETWORK,
        money="A payment may be on its way.",
    ),
    Entry(
        "GAS_STATION_NOT_ITSELF",
        "This is not the Gas Station",
        "{host} answers, but not as the Gas Station does: {reason}.",
        "If the local network has a login page, log in there. If not, check "
        "PEAQOS_GAS_STATION_URL. Then {retry}.",
        Kind.NETWORK,
    ),
    Entry(
        "GAS_STATION_REFUSED",
        "The Gas Station refused: {code}",
        "It says: {message}",
        "{Retry}, or {fund}.",
    ),
    Entry(
        "NO_GAS_STATION",
        "{network} has no Gas Station",
        "On this network the wallet is funded from the faucet or by hand.",
        "Send what is missing to the address that is shown.",
        again="after a change",
    ),
    Entry(
        "ENROLMENT_UNUSABLE",
        "The Gas Station sent a 2FA setup that cannot be used",
        "{reason}",
        "{Retry}, or {fund}.",
        Kind.NETWORK,
    ),
)
