"""The machine's description is checked before money moves, and only what differs is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chain.did import (
    ATTRIBUTE_NAMES,
    VALUE_LIMIT,
    changes,
    check_details,
    peaq_id,
    wanted_attributes,
)
from core.journal.state import Details

GOOD = Details("https://docs.example/a?b=c#d", "http://10.0.0.5:8080/api", "public")
LONGEST = "https://docs.example/" + "x" * (VALUE_LIMIT - 21)


@pytest.mark.parametrize("visibility", ["public", "private", "onchain"])
def test_good_details_pass(visibility: str) -> None:
    assert check_details(Details(GOOD.documentation_url, GOOD.data_api, visibility)) == []
    assert check_details(Details(LONGEST, GOOD.data_api, visibility)) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "It is empty."),
        ("docs.example", "does not start with https:// or http://"),
        ("ftp://docs.example", "does not start with"),
        ("javascript:alert(1)", "does not start with"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://dócs.example", "outside plain ASCII"),
        ("https://docs.example/ü", "outside plain ASCII"),
        ("https://docs.example/a b", "spaces or invisible"),
        ("https://docs.example/\n", "spaces or invisible"),
        (" https://docs.example", "spaces or invisible"),
        ("https://docs.example/\x1b[31m", "spaces or invisible"),
        ("https://docs.example/\x7f", "spaces or invisible"),
        (LONGEST + "x", f"2561 bytes; {VALUE_LIMIT} is the limit"),
        ("https://[bad", "cannot be read"),
        ("https://docs.example:port/", "cannot be read"),
        ("https://docs.example:99999/", "cannot be read"),
    ],
)
def test_an_address_that_cannot_be_written_says_why(url: str, words: str) -> None:
    (documentation,) = check_details(Details(url, GOOD.data_api, "public"))
    (data_api,) = check_details(Details(GOOD.documentation_url, url, "public"))
    assert documentation.code == "DOCUMENTATION_URL_INVALID"
    assert data_api.code == "DATA_API_INVALID"
    for found in (documentation, data_api):
        assert words in found.cause
        assert "https://example.com" in found.remedy()


@pytest.mark.parametrize("visibility", ["", "Public", "secret", "public ", "\x1b[31m"])
def test_an_unknown_visibility_is_answered_with_the_known_ones(visibility: str) -> None:
    (found,) = check_details(Details(GOOD.documentation_url, GOOD.data_api, visibility))
    assert "public, private, onchain" in found.cause
    assert found.cause.isprintable()


def test_all_that_is_wrong_is_told_at_once() -> None:
    codes = [found.code for found in check_details(Details("", "", ""))]
    assert codes == ["DOCUMENTATION_URL_INVALID", "DATA_API_INVALID", "DATA_VISIBILITY_INVALID"]


def test_six_attributes_in_their_order_with_an_empty_operator() -> None:
    wanted = wanted_attributes(1001, 7001, GOOD)
    assert list(wanted.items()) == [
        ("machineId", "1001"),
        ("nftTokenId", "7001"),
        ("operator", ""),
        ("documentation_url", GOOD.documentation_url),
        ("data_api", GOOD.data_api),
        ("data_visibility", "public"),
    ]
    assert peaq_id("0xAb") == "did:peaq:0xAb"


@given(
    st.fixed_dictionaries(
        {name: st.sampled_from([None, b"", b"other", b"same"]) for name in ATTRIBUTE_NAMES}
    )
)
def test_what_is_missing_is_added_what_differs_updated_and_what_is_right_left_alone(
    found: dict[str, bytes | None],
) -> None:
    """The other way round the chain would undo the whole batch."""
    wanted = dict.fromkeys(ATTRIBUTE_NAMES, "same") | {"operator": ""}
    needed = changes(found, wanted)
    for function, name, value in needed:
        assert value == wanted[name]
        assert function == ("addAttribute" if found[name] is None else "updateAttribute")
    untouched = set(wanted) - {name for _, name, _ in needed}
    assert all(found[name] == wanted[name].encode() for name in untouched)
    after = found | {name: value.encode() for _, name, value in needed}
    assert changes(after, wanted) == []
