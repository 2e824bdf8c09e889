"""Escape letters of other alphabets that look like ASCII ones, so that readers notice them.

Text in one alphabet stays unchanged, whatever the alphabet: only a word that mixes a lookalike with
ASCII letters is escaped, as browsers do with host names (Unicode TS 39).
"""

from __future__ import annotations

import re

_CYRILLIC = "АВЕЅІЈКМНОРСТХҮԌԚԜаеѕіјкорсухһԁԍԛԝӏӀҽѵѡ"
_GREEK = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορυχωϲϳϜϹϺ"
_ARMENIAN = "ԼՍՕաոսօհցքզյ"
_LATIN = "ɑɡǀ"
_WHOLE = "\u2100-\u214f\u2160-\u217f\u13a0-\u13ff\uab70-\uabbf\u2c80-\u2cff\ua4d0-\ua4ff"
"""Letterlike signs, Roman numerals, Cherokee, Coptic and Lisu."""

_LOOKALIKE = re.compile(f"[{_CYRILLIC}{_GREEK}{_ARMENIAN}{_LATIN}{_WHOLE}]")
_MATHEMATICAL = re.compile("[\U0001d400-\U0001d7ff]")
"""Letters and digits in decorative type, which no language uses."""
_WORD = re.compile(r"(?:\w[\u0300-\u036f]*)+")
_ASCII_LETTER = re.compile("[A-Za-z]")
_HOST = re.compile(
    "(?<=://)[^/?# \t\n\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
)
_LABEL = re.compile(r"[\w-]+")


def spell_out(text: str) -> str:
    """Return `text` with hosts of URLs in ASCII, and lookalikes in mixed words as `\\u0440`."""
    if text.isascii():
        return text
    text = _HOST.sub(lambda host: ascii_host(host.group()), text)
    text = _MATHEMATICAL.sub(_escaped, text)
    return _WORD.sub(_spelled, text)


def ascii_host(host: str) -> str:
    """Return a host name in the form that name servers use (punycode)."""
    return _LABEL.sub(_ascii_label, host)


def short_host(host: str, limit: int) -> str:
    """Return `host` in ASCII, at most `limit` characters. Keeps the end, which is the domain."""
    host = ascii_host(host)
    if len(host) <= limit:
        return host
    head = limit // 3
    return f"{host[:head]}…{host[-(limit - head - 1) :]}"


def _spelled(match: re.Match[str]) -> str:
    word = match.group()
    return _LOOKALIKE.sub(_escaped, word) if _ASCII_LETTER.search(word) else word


def _ascii_label(match: re.Match[str]) -> str:
    label = match.group()
    if label.isascii():
        return label
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return label.encode("ascii", "backslashreplace").decode("ascii")


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("ascii", "backslashreplace").decode("ascii")
