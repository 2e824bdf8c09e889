"""The DID document of an activated machine: its parts, one canonical form, its digest.

The contract ignores the document's own id on input and computes it on reading, so it is no part of
the canonical form. Layout: activation contracts of peaqOS (`MachineRegistry.didDocument`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from core.errors.problem import fault
from core.text import read_json


@dataclass(frozen=True)
class Method:
    """A verification method."""

    id: str
    kind: str
    controller: str
    public_key: str
    """Multibase."""


@dataclass(frozen=True)
class Endpoint:
    """A service endpoint."""

    id: str
    """Such as `#docs`."""
    kind: str
    url: str


DOCUMENTATION = ("#docs", "DocumentationService")
DATA = ("#data", "DataService")


@dataclass(frozen=True)
class Document:
    """The DID document, as it is sent and as it is read back."""

    controller: str
    endpoints: tuple[Endpoint, ...] = ()
    methods: tuple[Method, ...] = ()
    authentication: tuple[int, ...] = ()
    """Indexes of `methods`, from 0."""

    @property
    def canonical(self) -> str:
        """JSON with sorted keys and without spaces; addresses in lower case, lists in order."""
        body = {
            "authentication": list(self.authentication),
            "controller": self.controller.lower(),
            "endpoints": [[entry.id, entry.kind, entry.url] for entry in self.endpoints],
            "methods": [
                [entry.id, entry.kind, entry.controller.lower(), entry.public_key]
                for entry in self.methods
            ],
        }
        return json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, as hex digits."""
        return hashlib.sha256(self.canonical.encode("ascii")).hexdigest()

    def as_argument(self) -> tuple[Any, ...]:
        """The tuple that `activateMachine` takes, with an empty id and checksummed addresses."""
        methods = [
            (entry.id, entry.kind, to_checksum_address(entry.controller), entry.public_key)
            for entry in self.methods
        ]
        endpoints = [(entry.id, entry.kind, entry.url) for entry in self.endpoints]
        controller = to_checksum_address(self.controller)
        return ("", controller, methods, list(self.authentication), endpoints)


def parse_document(text: str) -> Document:
    """Return the document of a canonical form. Raises ValueError for anything else."""
    body = read_json(text.encode())
    try:
        document = Document(
            controller=_text(body["controller"]),
            endpoints=tuple(Endpoint(*map(_text, entry)) for entry in body["endpoints"]),
            methods=tuple(Method(*map(_text, entry)) for entry in body["methods"]),
            authentication=tuple(_index(entry) for entry in body["authentication"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError("it is not a DID document") from error
    if document.canonical != text:
        raise ValueError("it is not a DID document in its canonical form")
    return document


def document_from(answer: Sequence[Any]) -> Document:
    """Return the document that `didDocument` answered, decoded; its computed id is left out."""
    _, controller, methods, authentication, endpoints = answer
    return Document(
        controller=str(controller),
        endpoints=tuple(Endpoint(*map(str, entry)) for entry in endpoints),
        methods=tuple(Method(*map(str, entry)) for entry in methods),
        authentication=tuple(int(entry) for entry in authentication),
    )


def check_authentication(document: Document) -> None:
    """Raises OnboardingError (AUTHENTICATION_INVALID): the contract stores indexes unchecked."""
    count = len(document.methods)
    for index in document.authentication:
        if not 0 <= index < count:
            raise fault("AUTHENTICATION_INVALID", index=index, count=count)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("it is not text")
    return value


def _index(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("it is not an index")
    return value
