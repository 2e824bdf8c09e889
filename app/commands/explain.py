"""`peaq-onboard explain STEP`: the records of a step in plain words. Uses no network, changes
nothing.
"""

from __future__ import annotations

import sys
import textwrap

from app.configuration import read_settings, state_folder
from app.options import Options
from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED
from core.journal.file import FILE_NAME, Record, read_records
from core.journal.narrative import in_words, token_of, with_steps
from core.journal.reducer import fold
from core.step import find_step
from core.text import clean

_TIME = "%Y-%m-%d %H:%M:%S"
_LONG = 4096
"""Characters of one record as text."""


def run_explain(options: Options) -> int:
    try:
        step = find_step(options.step)
    except ValueError as error:
        print(error, file=sys.stderr)
        return EXIT_STOPPED
    settings = read_settings(options.env_file, options.network, required=options.env_file_named)
    folder = state_folder(options.state_dir, settings.network.name)
    records = read_records(folder / FILE_NAME)
    state = fold(records)
    print(f"{step.value} {step.info.title}\n{step.info.purpose_under(state.protocol or 'guide')}\n")
    token = token_of(state)
    lines = [record_line(record, token) for record, place in with_steps(records) if place is step]
    print("\n".join(lines) if lines else "No records yet.")
    return EXIT_DONE


def record_line(record: Record, token: str) -> str:
    """Return the time and the words of a record, wrapped at 80 columns.

    Addresses and hashes stay in one piece.
    """
    text = clean(in_words(record.event, token), _LONG)
    return textwrap.fill(
        f"{record.at:{_TIME}} UTC  {text}",
        80,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
