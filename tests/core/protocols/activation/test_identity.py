"""What people enter for a machine is refused with a reason, or becomes exactly what is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors.problem import OnboardingError
from core.journal.state import Details
from core.protocols.activation.document import (
    Document,
    Endpoint,
    Method,
    check_authentication,
    document_from,
    parse_document,
)
from core.protocols.activation.identity import (
    Entries,
    check_entries,
    endpoints_of,
    identity_from,
    propose_subject,
)

MACHINE = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
OTHER = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"
SUBJECT = "0x" + bytes(range(32)).hex()
ENTRIES = Entries("Sensor", SUBJECT, OTHER)
DOCS = Endpoint("#docs", "DocumentationService", "https://docs.example.com")


def codes(entries: Entries) -> list[str]:
    return [found.code for found in check_entries(entries)]


def test_what_is_entered_becomes_the_identity() -> None:
    entries = Entries("Sensor", f" {SUBJECT} ", OTHER.lower(), "", (DOCS,))
    identity = identity_from(entries, MACHINE)
    assert identity.subject == bytes(range(32))
    assert identity.manufacturer == OTHER, "with its checksum"
    assert identity.controller == MACHINE, "the machine controls itself unless somebody is named"
    assert identity.document == Document(MACHINE, (DOCS,))


def test_another_controller_is_taken() -> None:
    assert identity_from(replace(ENTRIES, controller=OTHER), MACHINE).controller == OTHER


def test_a_proposed_subject_is_new_each_time_and_can_be_used() -> None:
    proposals = {propose_subject() for _ in range(50)}
    assert len(proposals) == 50
    for subject in proposals:
        assert len(bytes.fromhex(subject[2:])) == 32
        assert codes(replace(ENTRIES, subject=subject)) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"machine_type": ""}, "MACHINE_TYPE_INVALID"),
        ({"machine_type": " Sensor"}, "MACHINE_TYPE_INVALID"),
        ({"machine_type": "Sens\u043er"}, "MACHINE_TYPE_INVALID"),
        ({"machine_type": "Sen\x1bsor"}, "MACHINE_TYPE_INVALID"),
        ({"machine_type": "S" * 65}, "MACHINE_TYPE_INVALID"),
        ({"subject": ""}, "SUBJECT_INVALID"),
        ({"subject": SUBJECT[2:]}, "SUBJECT_INVALID"),
        ({"subject": SUBJECT + "0"}, "SUBJECT_INVALID"),
        ({"subject": "0xdeadbeef"}, "SUBJECT_INVALID"),
        ({"subject": "0x" + "00" * 32}, "SUBJECT_INVALID"),
        ({"subject": "0x" + "0a" * 16 + "0b" * 300}, "SUBJECT_INVALID"),
        ({"subject": "0x" + "\u0661" * 32}, "SUBJECT_INVALID"),
        ({"manufacturer": ""}, "MANUFACTURER_INVALID"),
        ({"manufacturer": "0x" + "0" * 40}, "MANUFACTURER_INVALID"),
        ({"manufacturer": OTHER[:-1]}, "MANUFACTURER_INVALID"),
        ({"manufacturer": OTHER.replace("B", "b", 1)}, "MANUFACTURER_INVALID"),
        ({"controller": "me"}, "CONTROLLER_INVALID"),
        ({"controller": "0x" + "0" * 40}, "CONTROLLER_INVALID"),
        ({"endpoints": (replace(DOCS, id="docs"),)}, "ENDPOINT_INVALID"),
        ({"endpoints": (replace(DOCS, id=""),)}, "ENDPOINT_INVALID"),
        ({"endpoints": (replace(DOCS, kind="Two words"),)}, "ENDPOINT_INVALID"),
        ({"endpoints": (replace(DOCS, url="ftp://a.example"),)}, "ENDPOINT_INVALID"),
        ({"endpoints": (replace(DOCS, url="https://me:secret@a.example"),)}, "ENDPOINT_INVALID"),
        ({"endpoints": (DOCS, DOCS)}, "ENDPOINT_INVALID"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(
    changes: dict[str, object], code: str
) -> None:
    entries = replace(ENTRIES, **changes)  # type: ignore[arg-type]
    assert codes(entries) == [code]
    assert "?" not in check_entries(entries)[0].cause
    with pytest.raises(OnboardingError) as refused:
        identity_from(entries, MACHINE)
    assert refused.value.code == code


def test_everything_that_cannot_be_used_is_named_at_once() -> None:
    entries = Entries("", "0x", "nobody", "nobody", (replace(DOCS, url=""),))
    assert codes(entries) == [
        "MACHINE_TYPE_INVALID",
        "SUBJECT_INVALID",
        "MANUFACTURER_INVALID",
        "CONTROLLER_INVALID",
        "ENDPOINT_INVALID",
    ]


def test_more_endpoints_than_the_limit_are_refused() -> None:
    many = tuple(replace(DOCS, id=f"#docs-{n}") for n in range(17))
    assert codes(replace(ENTRIES, endpoints=many[:16])) == []
    assert codes(replace(ENTRIES, endpoints=many)) == ["ENDPOINT_INVALID"]


def test_the_two_urls_of_the_guide_become_endpoints() -> None:
    details = Details("https://docs.example.com", "https://api.example.com", "public")
    assert endpoints_of(details) == (
        Endpoint("#docs", "DocumentationService", "https://docs.example.com"),
        Endpoint("#data", "DataService", "https://api.example.com"),
    )


# The document


FULL = Document(
    MACHINE,
    endpoints=(DOCS, Endpoint("#data", "DataService", "https://api.example.com")),
    methods=(Method("#key", "Multikey", OTHER, "z6Mk"),),
    authentication=(0,),
)


def test_the_canonical_form_is_one_and_reads_back() -> None:
    assert FULL.canonical == (
        '{"authentication":[0],'
        f'"controller":"{MACHINE.lower()}",'
        '"endpoints":[["#docs","DocumentationService","https://docs.example.com"],'
        '["#data","DataService","https://api.example.com"]],'
        f'"methods":[["#key","Multikey","{OTHER.lower()}","z6Mk"]]}}'
    )
    again = parse_document(FULL.canonical)
    assert again.canonical == FULL.canonical
    assert again.digest == FULL.digest
    assert replace(FULL, controller=MACHINE.lower()).digest == FULL.digest
    assert replace(FULL, endpoints=FULL.endpoints[::-1]).digest != FULL.digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        FULL.canonical.replace(":", ": ", 1),
        FULL.canonical.replace("[0]", "[true]"),
        FULL.canonical.replace("[0]", "[-1]"),
        FULL.canonical.replace('"z6Mk"', "5"),
        FULL.canonical.replace(MACHINE.lower(), MACHINE),
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the reason is for nobody
        parse_document(text)


def test_a_document_of_the_chain_is_compared_without_its_computed_id() -> None:
    argument = FULL.as_argument()
    assert argument[0] == ""
    read = document_from(("did:peaq:7", *argument[1:]))
    assert read.digest == FULL.digest


@pytest.mark.parametrize(("index", "fits"), [(0, True), (1, False), (2**255, False)])
def test_an_authentication_index_beyond_the_methods_is_refused(index: int, fits: bool) -> None:
    document = replace(FULL, authentication=(index,))
    if fits:
        check_authentication(document)
        return
    with pytest.raises(OnboardingError) as refused:
        check_authentication(document)
    assert refused.value.code == "AUTHENTICATION_INVALID"
