"""The version that is installed; asked of the metadata, so that it stands in one place only."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    try:
        return version("peaq-onboard")
    except PackageNotFoundError:
        return "0+unknown"
