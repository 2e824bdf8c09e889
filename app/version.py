"""The version, for the program and for its package (pyproject.toml reads it from here).

Asking the package's metadata instead would cost a fifth of a start.
"""

__version__ = "0.1.0"


def installed_version() -> str:
    return __version__
