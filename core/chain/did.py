"""The machine's public description: its peaqID, its attributes, and their limits.

Names, order and limits: protocol.md, sections 4 and 5 (DID precompile of the peaq node).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from core.errors.problem import Problem, problem
from core.journal.state import Details

VALUE_LIMIT = 2560
"""Maximum bytes of an attribute's value."""
VISIBILITIES = ("public", "private", "onchain")
ATTRIBUTE_NAMES = (
    "machineId",
    "nftTokenId",
    "operator",
    "documentation_url",
    "data_api",
    "data_visibility",
)


def peaq_id(address: str) -> str:
    """Return the machine's peaqID: `did:peaq:` and the checksummed address."""
    return f"did:peaq:{address}"


def check_details(details: Details) -> list[Problem]:
    """Return the problems of details that the DID cannot hold; empty if there are none."""
    found = []
    for code, url in (
        ("DOCUMENTATION_URL_INVALID", details.documentation_url),
        ("DATA_API_INVALID", details.data_api),
    ):
        reason = url_reason(url)
        if reason:
            found.append(problem(code, reason=reason))
    if details.data_visibility not in VISIBILITIES:
        reason = f"{details.data_visibility!r} is not one of {', '.join(VISIBILITIES)}."
        found.append(problem("DATA_VISIBILITY_INVALID", reason=reason))
    return found


def url_reason(url: str) -> str | None:
    """Return a sentence that says why the DID cannot hold this URL, or None if it can."""
    if not url:
        return "The value is empty."
    if not url.isascii():
        return "The value contains non-ASCII characters."
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        return "The value contains spaces or invisible characters."
    if len(url) > VALUE_LIMIT:
        return f"The value has {len(url)} bytes. The limit is {VALUE_LIMIT}."
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises ValueError if the port is not a number
    except ValueError:
        return "The value is not a URL."
    if parts.username is not None or parts.password is not None:
        return "The URL contains a user name or a password, and DID attributes are public."
    if parts.scheme not in ("http", "https"):
        return "The URL does not start with https:// or http://."
    return None if host else "The URL has no host."
