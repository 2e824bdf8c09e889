"""Fields for keys, passphrases and one-time codes. The first screen has none of them."""

from __future__ import annotations

from screens.widgets.inputs import Field


class SecretField(Field):
    """For keys and passphrases: shown as dots, and never in a suggestion or a history."""

    def __init__(self, *, id: str, placeholder: str = "") -> None:
        super().__init__(id=id, placeholder=placeholder, secret=True)

    def tidy(self, text: str) -> str:
        return text.strip("\r\n")


class KeyField(SecretField):
    def tidy(self, text: str) -> str:
        return "".join(text.split())


class CodeField(Field):
    """A one-time code; spaces and dashes may be typed, and go before it is used."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, max_length=12, placeholder=" six digits")

    def tidy(self, text: str) -> str:
        return "".join(character for character in text if not character.isspace())
