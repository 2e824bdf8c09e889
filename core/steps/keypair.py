"""Step 2: create or import the key, store it and read it back before its address is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from core.config.env_file import save_values
from core.config.settings import PRIVATE_KEY
from core.errors.problem import OnboardingError, fault
from core.journal import events as ev
from core.keys import keystore
from core.keys.key_source import KeySource
from core.keys.private_key import Key, generate_key, parse_key
from core.secrets import Secret
from core.steps.context import Context
from core.storage.file_trust import UntrustedFile, refuse_exposed

_RECORDED_WAY = {
    "generate": "generated",
    "import": "imported",
    "environment": "environment",
    "keep": "kept",
}


async def load_key(context: Context, source: KeySource) -> Key:
    """Return the key of `source` without storing it, so that the user can check its address first.

    Not for a new key, whose address nobody sees before it is stored. Raises OnboardingError
    (PRIVATE_KEY_…, KEY_FILE_UNSAFE, KEYSTORE_UNREADABLE, PASSPHRASE_WRONG).
    """
    if source.way == "environment":
        if context.settings.private_key is None:
            raise fault("PRIVATE_KEY_REQUIRED")
        return parse_key(context.settings.private_key)
    if source.private_key is not None:
        return parse_key(source.private_key)
    if source.path is None:
        raise fault("PRIVATE_KEY_INVALID", reason="The field is empty.")
    return await asyncio.to_thread(read_key_file, source.path, source.path_passphrase)


def read_key_file(path: Path, passphrase: Secret | None) -> Key:
    """Return the key in the file at `path`: a keystore V3, which `passphrase` opens, or a hex key.

    Slow on purpose for a keystore. Raises OnboardingError (KEY_FILE_UNSAFE, KEYSTORE_UNREADABLE,
    PASSPHRASE_…, PRIVATE_KEY_INVALID).
    """
    try:
        with path.open("rb") as file:
            content = file.read(70_000)
            text = content.decode("utf-8-sig")
            encrypted = text.lstrip().startswith("{")
            if not encrypted:
                refuse_exposed(file.fileno(), path)
    except UntrustedFile as error:
        reason, command = error.reason, error.command
        raise fault("KEY_FILE_UNSAFE", path=path, reason=reason, command=command) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text file"
        raise fault("KEYSTORE_UNREADABLE", path=path, reason=reason) from None
    if not encrypted:
        return parse_key(Secret(text))
    if passphrase is None:
        raise fault("PASSPHRASE_EMPTY")
    return keystore.open_content(content, path, passphrase).key


async def create_keypair(
    context: Context, source: KeySource, passphrase: Secret, *, loaded: Key | None = None
) -> str:
    """Store the key and record it; return its address. Writes a file.

    Continues where an earlier run stopped between the keystore and its record.

    Raises OnboardingError (KEYSTORE_EXISTS, PASSPHRASE_…, PRIVATE_KEY_…, DISK_FULL).
    """
    if source.way == "keep":
        stored = await _keep(context, passphrase)
        await context.store.record(_stored(source, stored))
        keystore.drop_second_name(context.folder)
    else:
        stored = await _store(context, source, passphrase, loaded)
    context.memory.key = stored.key
    return stored.key.address


async def _store(
    context: Context, source: KeySource, passphrase: Secret, loaded: Key | None
) -> keystore.StoredKey:
    """Write and record the keystore in one thread, because an interruption in between would leave a
    keystore without a record.
    """
    folder, generated = context.folder, source.way == "generate"
    key = generate_key() if generated else loaded or await load_key(context, source)
    kdf = keystore.choose_kdf(context.available_memory())

    def store(append: Callable[[ev.Event], None]) -> keystore.StoredKey:
        def record(stored: keystore.StoredKey) -> None:
            append(_stored(source, stored))

        address = None if generated else key.address
        adopted = keystore.adopt(folder, passphrase, address, record)
        return adopted or keystore.store_key(folder, key, passphrase, kdf, record)

    with context.store.waiting(f"Encrypting the keystore ({kdf.name})", usual=3.0):
        return await context.store.record_during(store)


def _stored(source: KeySource, stored: keystore.StoredKey) -> ev.KeypairStored:
    return ev.KeypairStored(
        address=stored.key.address,
        way=_RECORDED_WAY[source.way],
        kdf=stored.kdf,
        keystore_sha256=stored.sha256,
    )


async def _keep(context: Context, passphrase: Secret) -> keystore.StoredKey:
    path = context.folder / keystore.FILE_NAME
    with context.store.waiting("Decrypting the keystore", usual=3.0):
        return await _open(context, path, passphrase)


async def check_keystore(context: Context) -> None:
    """Check that this onboarding's keystore still exists, without opening it: no money goes to an
    address whose key is gone.

    Raises OnboardingError (KEYSTORE_…).
    """
    path = context.folder / keystore.FILE_NAME
    keypair = context.state.keypair
    sha256 = keypair.keystore_sha256 if keypair else ""
    await asyncio.to_thread(keystore.check_kept, path, context.address, sha256)
    keystore.drop_second_name(context.folder)  # a run died right after its record


async def unlock(context: Context, passphrase: Secret) -> None:
    """Open the keystore for the rest of this run.

    Raises OnboardingError (KEYSTORE_…, PASSPHRASE_WRONG with the number of attempts).
    """
    path = context.folder / keystore.FILE_NAME
    if not path.exists():
        raise fault("KEYSTORE_MISSING", path=path, address=context.address)
    with context.store.waiting("Decrypting the keystore", usual=3.0):
        stored = await _open(context, path, passphrase)
    if stored.key.address != context.address:
        raise fault("KEYSTORE_OTHER_ADDRESS", found=stored.key.address, expected=context.address)
    context.memory.key = stored.key


async def _open(context: Context, path: Path, passphrase: Secret) -> keystore.StoredKey:
    try:
        stored = await asyncio.to_thread(keystore.open_file, path, passphrase)
    except OnboardingError as error:
        if error.code != "PASSPHRASE_WRONG":
            raise
        context.memory.passphrases_tried += 1
        raise fault("PASSPHRASE_WRONG", attempts=context.memory.passphrases_tried) from None
    context.memory.passphrases_tried = 0
    return stored


async def back_up(context: Context, way: Literal["copied", "revealed", "none"]) -> None:
    """Record the user's statement of how the key is backed up."""
    await context.store.record(ev.KeypairBackedUp(way))


async def archive_keystore(context: Context) -> Path:
    """Rename an existing keystore to a name with a date, and return that. Moves a file.

    Only while no keypair is recorded: afterwards the keystore belongs to this onboarding. Raises
    OnboardingError (KEYSTORE_UNREADABLE).
    """
    if context.state.keypair is not None:
        raise RuntimeError("the keystore belongs to this onboarding")
    return await asyncio.to_thread(keystore.archive_keystore, context.folder, context.clock.now())


async def write_key_to_env(context: Context) -> Path:
    """Write PEAQOS_PRIVATE_KEY, unencrypted, into .env for the machine's own software.

    Only at the user's request. Writes a file (0600). Raises OnboardingError (LOCKED_KEY,
    ENV_FILE_…).
    """
    path = context.settings.env_file
    values = {PRIVATE_KEY: context.key().private_hex().reveal()}
    await asyncio.to_thread(save_values, path, values)
    await context.store.record(ev.KeyWrittenToEnv(str(path)))
    return path
