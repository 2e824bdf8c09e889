"""The machine's description is checked before money moves."""

from __future__ import annotations

import pytest

from core.chain.did import (
    VALUE_LIMIT,
    check_details,
    peaq_id,
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
        ("", "empty"),
        ("docs.example", "does not start with https:// or http://"),
        ("ftp://docs.example", "does not start with"),
        ("javascript:alert(1)", "does not start with"),
        ("https://", "has no host"),
        ("https:///path", "has no host"),
        ("https://dócs.example", "non-ASCII"),
        ("https://docs.example/ü", "non-ASCII"),
        ("https://docs.example/a b", "spaces or invisible"),
        ("https://docs.example/\n", "spaces or invisible"),
        (" https://docs.example", "spaces or invisible"),
        ("https://docs.example/\x1b[31m", "spaces or invisible"),
        ("https://docs.example/\x7f", "spaces or invisible"),
        (LONGEST + "x", "2561 bytes"),
        ("https://[bad", "not a URL"),
        ("https://docs.example:port/", "not a URL"),
        ("https://docs.example:99999/", "not a URL"),
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


def test_the_peaq_id_is_made_of_the_address() -> None:
    assert peaq_id("0xAb") == "did:peaq:0xAb"
