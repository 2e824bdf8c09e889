"""The identity of a machine under activation: entered, checked, and turned into its permanent id.

Only type and subject enter the id, and it is global: the first wallet to activate the pair owns it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from core.chain.did import url_reason
from core.config.settings import address_fault
from core.errors.problem import OnboardingError, Problem, problem
from core.journal.state import Details
from core.protocols.activation.document import (
    DATA,
    DOCUMENTATION,
    Document,
    Endpoint,
    check_authentication,
)

SUBJECT_BYTES = 32
"""Random bytes of a proposed subject: nobody guesses it."""
_LEAST_SUBJECT = 16
_MOST_SUBJECT = 256
_LONGEST_NAME = 64
"""Characters of a machine type, an endpoint's name and an endpoint's type."""
_MOST_ENDPOINTS = 16
_FEW = 4
"""Different bytes below which a subject is a pattern that others may guess."""
_ZERO = "0x" + "0" * 40
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_ENDPOINT_ID = re.compile(r"#[A-Za-z0-9._-]+")
_ENDPOINT_KIND = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Identity:
    """Everything that the network stores of a machine; `subject` as bytes."""

    machine_type: str
    subject: bytes
    manufacturer: str
    document: Document

    @property
    def machine_id(self) -> int:
        return machine_id(self.machine_type, self.subject)

    @property
    def controller(self) -> str:
        return self.document.controller


@dataclass(frozen=True)
class Entries:
    """The form as typed. An empty controller means the machine's own address."""

    machine_type: str
    subject: str
    manufacturer: str
    controller: str = ""
    endpoints: tuple[Endpoint, ...] = ()


def machine_id(machine_type: str, subject: bytes) -> int:
    """Return uint256(keccak256(abi.encode(string, bytes))), as `computeTokenId` does."""
    return int.from_bytes(keccak(encode(["string", "bytes"], [machine_type, subject])), "big")


def did_of(number: int) -> str:
    """The DID of a machine id: `did:peaq:` and the id in decimal."""
    return f"did:peaq:{number}"


def propose_subject() -> str:
    """Return 32 random bytes as 0x-hex. Losing it loses nothing: the network shows it."""
    return "0x" + secrets.token_bytes(SUBJECT_BYTES).hex()


def endpoints_of(details: Details) -> tuple[Endpoint, ...]:
    """The service endpoints of the machine's two URLs. The data visibility has no field here."""
    return (
        Endpoint(*DOCUMENTATION, details.documentation_url),
        Endpoint(*DATA, details.data_api),
    )


def check_entries(entries: Entries) -> list[Problem]:
    """Everything that cannot be used, in the order of the form; empty where all can."""
    controller = entries.controller.strip()
    found = [
        problem(code, reason=reason)
        for code, reason in (
            ("MACHINE_TYPE_INVALID", _type_reason(entries.machine_type)),
            ("SUBJECT_INVALID", _subject_reason(entries.subject)),
            ("MANUFACTURER_INVALID", _address_reason(entries.manufacturer)),
            ("CONTROLLER_INVALID", _address_reason(controller) if controller else None),
        )
        if reason
    ]
    return found + _endpoint_problems(entries.endpoints)


def identity_from(entries: Entries, address: str) -> Identity:
    """Return the identity that was entered, for the machine at `address`.

    Raises OnboardingError (MACHINE_TYPE_INVALID, SUBJECT_INVALID, MANUFACTURER_INVALID,
    CONTROLLER_INVALID, ENDPOINT_INVALID, AUTHENTICATION_INVALID): the first that fails.
    """
    found = check_entries(entries)
    if found:
        raise OnboardingError(found[0])
    document = Document(
        controller=to_checksum_address(entries.controller.strip() or address),
        endpoints=tuple(entries.endpoints),
    )
    check_authentication(document)
    return Identity(
        machine_type=entries.machine_type,
        subject=bytes.fromhex(entries.subject.strip()[2:]),
        manufacturer=to_checksum_address(entries.manufacturer.strip()),
        document=document,
    )


def _type_reason(text: str) -> str | None:
    return _name_reason(text) or (None if text.strip() == text else "It begins or ends in a space.")


def _name_reason(text: str) -> str | None:
    if not text:
        return "It is empty."
    if not text.isascii() or not text.isprintable():
        return "It has characters outside printable ASCII."
    if len(text) > _LONGEST_NAME:
        return f"It has {len(text)} characters; {_LONGEST_NAME} is the limit."
    return None


def _subject_reason(text: str) -> str | None:
    text = text.strip()
    if not _HEX.fullmatch(text):
        return "It is not 0x and an even number of hex digits."
    subject = bytes.fromhex(text[2:])
    if len(subject) < _LEAST_SUBJECT:
        return f"It has {len(subject)} bytes. Others could guess it and activate it first."
    if len(subject) > _MOST_SUBJECT:
        return f"It has {len(subject)} bytes; {_MOST_SUBJECT} is the limit."
    if len(set(subject)) < _FEW:
        return "It is a simple pattern. Others could guess it and activate it first."
    return None


def _address_reason(text: str) -> str | None:
    text = text.strip()
    if text.lower() == _ZERO:
        return "The zero address belongs to nobody."
    return address_fault(text) if text else "It is empty."


def _endpoint_problems(endpoints: Iterable[Endpoint]) -> list[Problem]:
    found: list[Problem] = []
    seen: set[str] = set()
    for count, endpoint in enumerate(endpoints, 1):
        reason = _endpoint_reason(endpoint)
        if endpoint.id in seen:
            reason = "Another endpoint has the same name."
        if count > _MOST_ENDPOINTS:
            reason = f"It is number {count}; {_MOST_ENDPOINTS} are the limit."
        if reason:
            name = endpoint.id or f"endpoint {count}"
            found.append(problem("ENDPOINT_INVALID", endpoint=name, reason=reason))
        seen.add(endpoint.id)
    return found


def _endpoint_reason(endpoint: Endpoint) -> str | None:
    if not _ENDPOINT_ID.fullmatch(endpoint.id) or len(endpoint.id) > _LONGEST_NAME:
        return f"Its name is not # and up to {_LONGEST_NAME - 1} letters, digits, '.', '_' or '-'."
    if not _ENDPOINT_KIND.fullmatch(endpoint.kind) or len(endpoint.kind) > _LONGEST_NAME:
        return f"Its type is not a word of at most {_LONGEST_NAME} letters and digits."
    return url_reason(endpoint.url)
