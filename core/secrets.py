"""Values that must stay hidden: keys, passphrases, one-time codes, otpauth URIs."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A string with an empty representation; only `reveal()` returns its text.

    It cannot be pickled or turned into JSON by accident. It compares by content, so that two typed
    passphrases can be compared without revealing them.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written anywhere")

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


def unwrap(value: Secret | str) -> str:
    """Return the text of either type, for the few places (HTTP body, signing) that need it."""
    return value.reveal() if isinstance(value, Secret) else value
