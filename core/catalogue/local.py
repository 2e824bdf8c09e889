"""Faults of this machine: its variables, files and keys."""

from __future__ import annotations

from core.catalogue.entry import SAFE, Entry, Kind

SETTINGS = (
    Entry(
        "VARIABLE_MISSING",
        "{variable} is not set",
        "This network has no default for it.",
        "Press F2 and enter it, or set it in the environment or in .env.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "VARIABLE_INVALID",
        "{variable} is not usable",
        "{reason}",
        "Press F2 and correct it, or change it in the environment or in .env.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "ENV_FILE_UNREADABLE",
        "The .env file cannot be read",
        "{path}: {reason}",
        "Make it readable for this user (chmod 600), or name another with --env-file.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "ENV_FILE_UNWRITABLE",
        "The .env file cannot be written",
        "{path}: {reason}",
        "Make the folder writable for this user, or name another file with --env-file.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "PRIVATE_KEY_REQUIRED",
        "PEAQOS_PRIVATE_KEY is required",
        "Using the wallet of the environment was chosen, but the variable is not set.",
        "Set PEAQOS_PRIVATE_KEY (0x and 64 hex digits) and start again, "
        "or choose to generate or import a key here.",
        again="after a change",
    ),
    Entry(
        "PRIVATE_KEY_INVALID",
        "This is not a private key",
        "{reason}",
        "Check it and enter it again: 64 hex digits, with or without 0x. It is never shown.",
        again="after a change",
    ),
    Entry(
        "DOCUMENTATION_URL_INVALID",
        "The documentation URL cannot be used",
        "{reason}",
        "Enter an address that starts with https:// or http://, such as https://example.com/arm-7.",
        again="after a change",
    ),
    Entry(
        "DATA_API_INVALID",
        "The data API cannot be used",
        "{reason}",
        "Enter an address that starts with https:// or http://, such as https://example.com/api.",
        again="after a change",
    ),
    Entry(
        "DATA_VISIBILITY_INVALID",
        "The data visibility is unknown",
        "{reason}",
        "Choose public, private or onchain.",
        again="after a change",
    ),
)

FILES = (
    Entry(
        "STATE_FOLDER_UNUSABLE",
        "The state folder cannot be used",
        "{path}: {reason}",
        "Make it a folder that only this user can write, or name another with --state-dir.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "DISK_FULL",
        "The disk did not take the record",
        "{path}: {reason}",
        "Free some space, then press Enter. Nothing is done before it is recorded.",
        Kind.CONFIGURATION,
        money=SAFE,
    ),
    Entry(
        "STATE_FOLDER_LOCKED",
        "Another wizard is at work on this machine",
        "Process {pid} on {terminal} has held {path} since {since}.",
        "Go on there, or end it there and start again here.",
        Kind.LOCKED,
        again="after a change",
    ),
    Entry(
        "JOURNAL_DAMAGED",
        "The journal is damaged",
        "{path}, line {line}: {reason}",
        "Put back a copy of the file, or keep it aside and ask for help before starting anew: "
        "it says what was already paid.",
        Kind.CONFIGURATION,
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "JOURNAL_MISMATCH",
        "This state folder belongs to something else",
        "Its journal was written for {what} {journal}; now it is {now}.",
        "Start with the old value, or use a folder of its own with --state-dir.",
        Kind.CONFIGURATION,
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "KEYSTORE_UNREADABLE",
        "The keystore cannot be used",
        "{path}: {reason}",
        "Put back a good copy of the file at the same place.",
        Kind.CONFIGURATION,
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "KEYSTORE_MISSING",
        "The keystore is not there",
        "{path} is gone, but {address} was set up with it.",
        "Put the backup of keystore.json back at that place, then start again. "
        "Without it the key cannot be used.",
        Kind.CONFIGURATION,
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "KEYSTORE_EXISTS",
        "There is a keystore already",
        "{path} holds the key of {address}. It is never overwritten.",
        "Open it with its passphrase, or move it aside first.",
        again="after a change",
    ),
    Entry(
        "KEYSTORE_OTHER_ADDRESS",
        "The keystore is of another machine",
        "The keystore opens {found}, but this onboarding is for {expected}.",
        "Put the right keystore back, or start another onboarding with --state-dir.",
        Kind.CONFIGURATION,
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "PASSPHRASE_WRONG",
        "The passphrase does not open the keystore",
        "Tried {attempts} so far. Upper and lower case count.",
        "Type it again. There is no limit, and nothing is locked.",
    ),
    Entry(
        "PASSPHRASE_EMPTY",
        "The passphrase is empty",
        "The key would lie open on the disk.",
        "Type a passphrase, twice.",
        again="after a change",
    ),
    Entry(
        "PASSPHRASE_LONG",
        "The passphrase is too long",
        "It has more than {limit} bytes.",
        "Type a shorter one, twice.",
        again="after a change",
    ),
    Entry(
        "PASSPHRASES_DIFFER",
        "The two passphrases differ",
        "One of them has a slip.",
        "Type both again.",
        again="after a change",
    ),
)

PROGRAM = (
    Entry(
        "LOCKED_KEY",
        "The key is locked",
        "A signature is needed, and the passphrase was not given in this run.",
        "Type the passphrase of the keystore.",
    ),
    Entry(
        "REHEARSAL_UNAVAILABLE",
        "The rehearsal network cannot start",
        "{reason}",
        "Install the rehearsal parts (pip install 'peaq-onboard[rehearsal]') or free the port.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "UNEXPECTED",
        "Something unforeseen happened",
        "{reason}",
        "Press Enter to try again. If it stays, send wizard.log to whoever looks after this.",
        money=SAFE,
    ),
)
