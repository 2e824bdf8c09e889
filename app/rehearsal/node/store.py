"""Storage of a rehearsal network between two runs of the program.

`chain.jsonl` is the append-only record of everything that shaped the chain; replayed from the fixed
genesis it gives the same hashes. `gas-station.json` is replaced as a whole. A line reaches the
kernel before anything depends on it, so a killed process loses nothing. fsync would only help
against a power cut, which a rehearsal need not survive.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.text import read_json

FORMAT = 1


class StoreError(Exception):
    """The store cannot be used; the text says why and what to do."""


class Store:
    """The files of one network. `root` None stores nothing."""

    def __init__(self, root: Path | None, genesis_hash: str) -> None:
        self._root = root
        self._file: int | None = None
        if root is None:
            return
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(root / "chain.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise StoreError(f"another rehearsal network is using {root}") from error
        try:
            self._lines = self._read(root / "chain.jsonl", self._file, genesis_hash)
        except StoreError:
            self.close()
            raise

    def _read(self, path: Path, file: int, genesis_hash: str) -> list[dict[str, Any]]:
        """Return all complete records; cut off a torn last line, and write the header of a new
        file.
        """
        text = path.read_bytes()
        whole = text.rfind(b"\n") + 1
        lines = text[:whole].splitlines()
        records: list[dict[str, Any]] = []
        for number, line in enumerate(lines, 1):
            try:
                records.append(read_json(line))
            except ValueError as error:
                if number < len(lines):
                    raise StoreError(
                        f"line {number} of {path} is damaged; "
                        "remove the folder to start a new rehearsal network"
                    ) from error
                whole -= len(line) + 1
        os.ftruncate(file, whole)
        header = {"format": FORMAT, "genesis": genesis_hash}
        if not records:
            self.append(header)
        elif records[0] != header:
            raise StoreError(
                f"{path.parent} belongs to another version of the rehearsal network; "
                "remove the folder to start a new one"
            )
        return records[1:]

    def records(self) -> Iterator[dict[str, Any]]:
        """Return the records of the chain, oldest first."""
        if self._root is not None:
            yield from self._lines

    def append(self, record: dict[str, Any]) -> None:
        """Write one record of the chain, in a single write."""
        if self._file is not None:
            os.write(self._file, json.dumps(record, separators=(",", ":")).encode() + b"\n")

    def load_gas_station(self) -> dict[str, Any]:
        """Return the Gas Station's state; empty in a new store."""
        if self._root is None:
            return {}
        try:
            state: dict[str, Any] = read_json((self._root / "gas-station.json").read_bytes())
        except FileNotFoundError:
            return {}
        return state

    def save_gas_station(self, state: dict[str, Any]) -> None:
        """Replace the Gas Station's state file."""
        if self._root is None:
            return
        target = self._root / "gas-station.json"
        fresh = target.with_suffix(".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            json.dump(state, stream, separators=(",", ":"))
        fresh.replace(target)

    def close(self) -> None:
        """Close the files and release the lock."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
