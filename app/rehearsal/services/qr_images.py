"""QR images at URLs that expire, as the Gas Station provides them."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable

CONTENT_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


class QrImages:
    """Images kept in memory only: an otpauth URI is a secret."""

    def __init__(self, *, url: Callable[[], str], seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self._published: dict[str, tuple[str, str, float]] = {}

    def publish(self, uri: str, kind: str, *, at: float) -> str:
        """Return the URL of an image of `uri`, valid for a while from `at` (epoch seconds)."""
        name = f"{secrets.token_urlsafe(16)}.{kind}"
        self._published[name] = (uri, kind, at + self._seconds)
        return f"{self._url()}/qr/{name}"

    def image(self, name: str, *, at: float) -> tuple[bytes, str] | None:
        """Return the image and its content type; None if there is none (any more)."""
        import segno  # only for the first image: nothing else here needs it

        uri, kind, expires = self._published.get(name, ("", "", 0.0))
        if at >= expires:
            self._published.pop(name, None)
            return None
        stream = io.BytesIO()
        segno.make(uri, error="m").save(stream, kind=kind, scale=6)
        return stream.getvalue(), CONTENT_TYPES[kind]
