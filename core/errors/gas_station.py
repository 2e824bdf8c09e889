"""Errors of the Gas Station and its codes."""

from __future__ import annotations

from core.errors.entry import Entry, Kind

GAS_STATION = (
    Entry(
        "INVALID_2FA",
        "Invalid 2FA code",
        "The Gas Station rejected the code. It may be mistyped, expired or already used.",
        "{Enter_code}.",
    ),
    Entry(
        "CODE_MALFORMED",
        "This is not a {digits}-digit code",
        "Codes have {digits} digits. You entered {found}.",
        "Enter the {digits} digits that the authenticator app shows. Spaces are fine.",
        money="",
    ),
    Entry(
        "CODE_MISTYPED",
        "The code does not match this machine",
        "A digit may be wrong, the code may belong to another entry in the app, or the phone's "
        "clock may be wrong.",
        "In the app, open the entry {label} and enter its code. The wizard did not send this "
        "one, so no attempt was used.",
        money="",
    ),
    Entry(
        "CODE_OF_OLD_ENTRY",
        "The code is from an older entry",
        "A newer QR code has replaced the entry that this code belongs to.",
        "Delete the older entry in the app, then {scan_qr} and enter its code. The wizard did "
        "not send the older code.",
        money="",
    ),
    Entry(
        "CODE_USED",
        "The code was already used",
        "Each code works once, so the wizard did not send it again.",
        "Enter the code that your app shows {when}.",
        money="",
    ),
    Entry(
        "CODE_SKEWED",
        "The clocks differ",
        "The code is correct, but the phone is about {seconds} s {direction} {reference}.",
        "Set {device} to automatic time, then enter the next code. The wizard did not send this "
        "one.",
        money="",
    ),
    Entry(
        "2FA_LOCKED",
        "2FA locked",
        "There were too many wrong codes for this owner. The lock ends by itself.",
        "When the wait is over, {enter_code}.",
        Kind.WAITING,
    ),
    Entry(
        "2FA_NOT_CONFIGURED",
        "2FA is not set up",
        "The Gas Station has no authenticator for this owner.",
        "{Retry}, then scan the new QR code.",
    ),
    Entry(
        "2FA_NOT_ACTIVE",
        "2FA is not confirmed yet",
        "The authenticator is linked, but not confirmed with a code yet.",
        "{Retry}, then enter a code to confirm it.",
    ),
    Entry(
        "CODE_EXPIRED",
        "The code expired",
        'The Gas Station answered "Invalid 2FA code": the code had expired when it arrived.',
        "Enter the next code as soon as it appears.",
    ),
    Entry(
        "OWNER_ADDRESS_REFUSED",
        "The Gas Station rejected the address",
        "The Gas Station says: {message}",
        "{Fund}.",
        again="after a change",
    ),
    Entry(
        "QR_GENERATION_FAILED",
        "The Gas Station could not prepare 2FA",
        "The Gas Station could not create the QR code.",
        "{Retry}.",
        Kind.NETWORK,
    ),
    Entry(
        "DUPLICATE_REQUEST",
        "The funding request is already in progress",
        "The Gas Station is still processing this request. It pays once.",
        "Wait while the wizard watches the balance. If no payment arrives, {enter_code}. The "
        "wizard sends the same request again.",
        Kind.WAITING,
        money="A payment may be on its way.",
    ),
    Entry(
        "REQUEST_ALREADY_PROCESSED",
        "The Gas Station already processed this request",
        "The balance is {held} of {needed} {token}.",
        "{Retry}, or {fund}.",
        Kind.WAITING,
        money="A payment may be on its way.",
    ),
    Entry(
        "RATE_LIMITED",
        "Faucet rate limit exceeded",
        "The Gas Station received too many requests for this address or from this network.",
        "When the wait is over, {retry}. Or {fund}.",
        Kind.WAITING,
    ),
    Entry(
        "CAP_EXCEEDED_OWNER",
        "Owner daily funding cap exceeded",
        "This owner has reached the Gas Station's daily limit.",
        "{Fund} now, or come back tomorrow.",
        Kind.WAITING,
    ),
    Entry(
        "CAP_EXCEEDED_WALLET",
        "Wallet daily funding cap exceeded",
        "This wallet has reached the Gas Station's daily limit.",
        "{Fund} now, or come back tomorrow.",
        Kind.WAITING,
    ),
    Entry(
        "TRANSFER_FAILED",
        "The Gas Station's transfer failed",
        "The Gas Station accepted the request, but its payment failed.",
        "{Enter_code}. The wizard sends the same request again, and it pays once at most.",
    ),
    Entry(
        "GAS_STATION_UNREACHABLE",
        "The Gas Station cannot be reached",
        "{host} did not answer: {reason}.",
        "Check the network connection and PEAQOS_GAS_STATION_URL, then {retry}. Or {fund}.",
        Kind.NETWORK,
    ),
    Entry(
        "GAS_STATION_NO_ANSWER",
        "The Gas Station's answer did not arrive",
        "The wizard sent the request, but the connection failed before the answer: {reason}.",
        "The wizard is watching the balance. If no payment arrives, {enter_code}. The wizard "
        "sends the same request again, and it pays once at most.",
        Kind.NETWORK,
        money="A payment may be on its way.",
    ),
    Entry(
        "GAS_STATION_NOT_ITSELF",
        "This is not the Gas Station",
        "{host} answers, but not like the Gas Station: {reason}.",
        "If your network has a login page, log in there. Otherwise check PEAQOS_GAS_STATION_URL."
        " Then {retry}.",
        Kind.NETWORK,
    ),
    Entry(
        "GAS_STATION_REFUSED",
        "The Gas Station rejected the request: {code}",
        "The Gas Station says: {message}",
        "{Retry}, or {fund}.",
    ),
    Entry(
        "NO_GAS_STATION",
        "{network} has no Gas Station",
        "On this network, you fund the wallet from the faucet or by a manual transfer.",
        "Send the shortfall to the address shown.",
        again="after a change",
    ),
    Entry(
        "ENROLMENT_UNUSABLE",
        "The Gas Station sent a 2FA setup that the wizard cannot use",
        "{reason}",
        "{Retry}, or {fund}.",
        Kind.NETWORK,
    ),
)
