"""Copies of the keystore in another place, verified by reading them back."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from core.errors.problem import OnboardingError, fault
from core.keys.keystore import SIZE_LIMIT
from core.storage.durable_files import FILE_MODE, read_file, sync_folder, write_all


def is_copied(keystore: Path, content: bytes, target: Path) -> bool:
    """Return whether `target` already holds `content`, the content of `keystore`. Changes nothing.

    Raises OnboardingError (BACKUP_FAILED) if `target` cannot become the copy: its folder is
    missing, it is in the state directory, or it is another file, a link, a folder or a device.
    """
    try:
        if target.is_symlink():
            raise OSError("it is a symbolic link; name the file itself")
        if not target.parent.is_dir():
            raise OSError("its folder does not exist; if it is on another disk, mount that first")
        if target.exists() and target.samefile(keystore):
            raise OSError("it is the keystore itself")
        if target.parent.samefile(keystore.parent):
            raise OSError("it is in the state directory; choose another folder")
        if not target.exists():
            return False
        if target.is_dir():
            raise OSError("it is a folder; add a file name")
        if read_file(target, SIZE_LIMIT) != content:
            raise OSError("another file is there, and it is never overwritten")
    except OSError as error:
        raise _failed(target, error) from error
    return True


def copy_keystore(content: bytes, target: Path) -> None:
    """Create `target` (0600) with `content`, sync it and read it back. On failure, leave no partial
    file.

    Raises OnboardingError (BACKUP_FAILED), also if `target` exists.
    """
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
        try:
            _write(handle, content)
            sync_folder(target.parent)
            if read_file(target, SIZE_LIMIT) != content:
                raise OSError("the file does not contain what was written")
        except BaseException:
            with suppress(OSError):
                target.unlink()
            raise
    except OSError as error:
        raise _failed(target, error) from error


def _write(handle: int, content: bytes) -> None:
    try:
        with suppress(PermissionError):  # many USB sticks have a file system without modes
            os.fchmod(handle, FILE_MODE)
        write_all(handle, content)
        os.fsync(handle)
        # Makes the check read from the disk, not from memory.
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def _failed(target: Path, error: OSError) -> OnboardingError:
    return fault("BACKUP_FAILED", path=target, reason=error.strerror or error)
