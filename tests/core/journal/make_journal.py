"""Write the journal that later versions must still read.

Run it with `python -m tests.core.journal.make_journal`.

It holds every kind of record, with words that are not ASCII. Run it only for a new format, and
keep the files of the formats before.
"""

from __future__ import annotations

from pathlib import Path

from core.journal.file import ACTIVATION_FORMAT, Record, encode
from tests.core.journal import test_activation_journal as activation
from tests.core.journal.test_file import CLASSES, STARTED, sample
from tests.support.clock import START

VECTORS = Path(__file__).parent / "vectors"


if __name__ == "__main__":
    others = [sample(cls) for cls in (*CLASSES, *activation.CLASSES)]
    events = [activation.STARTED, *(e for e in others if not isinstance(e, type(STARTED)))]
    records = [Record(number, START, event) for number, event in enumerate(events, 1)]
    path = VECTORS / f"journal-format-{ACTIVATION_FORMAT}.jsonl"
    path.write_bytes(b"".join(map(encode, records)))
