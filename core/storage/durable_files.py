"""Files that survive a power cut and that no other user can read."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from pathlib import Path
from shlex import quote

from core.errors.problem import fault

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def sync_folder(folder: Path) -> None:
    """Make a created or replaced name in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def create_file(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Create `path` with mode 0600. Raises FileExistsError, never overwrites.

    `sync` False is for files that need not survive a power cut: on a memory card, one sync takes as
    long as a hundred writes.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    try:
        os.fchmod(handle, FILE_MODE)
        write_all(handle, content)
        if sync:
            os.fsync(handle)
    finally:
        os.close(handle)
    if sync:
        sync_folder(path.parent)


def replace_file(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Replace `path` atomically: it is either the old file or the new one, never a part.

    `sync` as in `create_file`.
    """
    new = path.with_name(f".{path.name}.{os.urandom(4).hex()}.new")
    try:
        create_file(new, content, sync=sync)
        os.replace(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def read_file(path: Path, most: int) -> bytes:
    """Return the content of `path`.

    Raises OSError, also for more than `most` bytes, for a symbolic link, and for anything but a
    regular file: reading a pipe could block forever, and a device never ends.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise OSError("it is a symbolic link; put the file itself there") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("it is not a file")
        with open(handle, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(handle)
    if len(content) > most:
        raise OSError("it is too large")
    return content


def write_all(handle: int, content: bytes) -> None:
    """Write all of the data: on a nearly full disk, os.write takes a part without an error."""
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def prepare_state_folder(folder: Path) -> list[str]:
    """Create `folder` (0700) if it is missing, and check that it is writable.

    Returns warnings for people. Raises OnboardingError (STATE_FOLDER_UNUSABLE).
    """
    warnings: list[str] = []
    try:
        reason = place_fault(folder)
        if reason:
            raise OSError(reason)
        # Not mkdir(parents=True), which gives the parents the mode of the umask.
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        for place in reversed(missing):
            place.mkdir(mode=FOLDER_MODE, exist_ok=True)
            sync_folder(place.parent)
        info = folder.stat()
        if not stat.S_ISDIR(info.st_mode):
            raise OSError("it is not a folder")
        if os.geteuid() == 0 and info.st_uid != 0:
            # The directory's owner could not read what root writes there.
            name = owner_name(info.st_uid)
            raise OSError(f"it belongs to {name}; start the wizard as {name}, without sudo")
        others = info.st_mode & 0o077
        warnings += _shared_parents(folder)
        # Restrict only an empty directory of this user: others may rely on the mode of any other.
        if others and info.st_uid == os.geteuid() and not any(folder.iterdir()):
            folder.chmod(FOLDER_MODE)
        elif others & 0o022:
            raise OSError("other users can write to it (run chmod 700)")
        elif others:
            warnings.append(f"{folder} is readable by other users; run chmod 700 {folder}")
        probe = folder / f".probe-{os.getpid()}"
        probe.unlink(missing_ok=True)
        create_file(probe, b"x", sync=False)
        probe.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        code = "DISK_FULL" if full else "STATE_FOLDER_UNUSABLE"
        raise fault(code, path=folder, reason=reason) from error
    return warnings


def place_fault(folder: Path) -> str:
    """Return why `folder` is no place for secrets, before anything is created there, or ""."""
    if folder.is_symlink() and not folder.exists():
        return "it is a broken symbolic link"
    above = next(place for place in (folder, *folder.parents) if place.exists())
    owner = above.stat().st_uid
    if above != folder and os.geteuid() == 0 and owner != 0:
        # Directories of root in there would lock the owner out of a part of their own home.
        name = owner_name(owner)
        return f"{above} belongs to {name}; start the wizard as {name}, without sudo"
    for place in _parents(folder):
        if place.stat().st_mode & (0o002 | stat.S_ISVTX) == 0o002:
            return f"every user can replace files in {place}; run chmod o-w {quote(str(place))}"
    return ""


def _shared_parents(folder: Path) -> list[str]:
    """Return warnings about parents that a whole group can write to."""
    warnings = []
    for place in _parents(folder):
        info = place.stat()
        shared = info.st_mode & (0o020 | stat.S_ISVTX) == 0o020
        # If each user has a group with the user's name, nobody else is in it.
        if shared and info.st_gid != 0 and group_name(info.st_gid) != owner_name(info.st_uid):
            warnings.append(
                f"A group can replace files in {place}; run chmod g-w {quote(str(place))}"
            )
    return warnings


def _parents(folder: Path) -> list[Path]:
    """Return the existing parents, by both names of a link."""
    both = (*folder.absolute().parents, *Path(os.path.realpath(folder)).parents)
    return [place for place in dict.fromkeys(both) if place.exists()]


def group_name(gid: int) -> str:
    """Return the name of a group, or its number if it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def owner_name(uid: int) -> str:
    """Return the name of a user, or the number if there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
