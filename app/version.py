"""The version, for the program and for its package (pyproject.toml reads it here).

Reading the package's metadata instead would take a fifth of the start time.
"""

__version__ = "0.1.0"


def installed_version() -> str:
    return __version__
