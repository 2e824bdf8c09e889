"""Files that no other user may control or read.

Checks use the open descriptor, as in sshd: a name can lead to another file a moment later, a
descriptor cannot.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
from pathlib import Path

from core.storage.durable_files import owner_name

_ROOT = 0


class UntrustedFile(Exception):
    """Another user controls or can read the file. `command` makes it safe."""

    def __init__(self, reason: str, command: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.command = command


def read_trusted(path: Path, most: int) -> tuple[bytes, bool]:
    """Return the content of `path`, and whether other users can read it.

    Raises UntrustedFile for a symbolic link, for a file of another user (root excepted), and for
    one that other users can change; OSError for anything but a file of at most `most` bytes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise _link(path) from None
        raise
    with open(handle, "rb") as file:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise OSError("it is not a file")
        if info.st_uid not in (os.geteuid(), _ROOT):
            reason = f"it belongs to {owner_name(info.st_uid)}, not to you."
            raise UntrustedFile(reason, _closing_command(path, info))
        if info.st_mode & 0o022:
            raise UntrustedFile("other users can change it.", _closing_command(path, info))
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError("it is too large")
    return content, bool(info.st_mode & 0o077)


def refuse_exposed(handle: int, path: Path) -> None:
    """Raise UntrustedFile if other users can read the secret in the open file at `path`.

    Accepts a pipe of this user or of root, which has a single reader, and a file that root shares
    with the group of this process, as systemd does with a credential (root, 0440). Refuses files of
    other users, who would choose the secret.
    """
    info = os.fstat(handle)
    if info.st_uid not in (os.geteuid(), _ROOT):
        real = Path(os.path.realpath(path))
        reason = f"it belongs to {owner_name(info.st_uid)}, not to you."
        raise UntrustedFile(reason, _closing_command(real, info))
    if not stat.S_ISREG(info.st_mode):
        return
    lent = info.st_uid == _ROOT and (os.geteuid() != _ROOT or info.st_gid == _ROOT)
    if info.st_mode & (0o027 if lent else 0o077):
        real = Path(os.path.realpath(path))  # /dev/fd/3 means nothing to the user's next shell
        raise UntrustedFile("other users can read it.", _closing_command(real, info))


def _link(path: Path) -> UntrustedFile:
    target = Path(os.path.realpath(path))
    link, copy = shlex.quote(str(path)), shlex.quote(str(target))
    command = f"cp --remove-destination {copy} {link} && chmod 600 {link}"
    if not target.exists():
        command = f"rm {link}"
    return UntrustedFile(f"it is a symbolic link to {target}.", command)


def _closing_command(path: Path, info: os.stat_result) -> str:
    user, name = os.geteuid(), shlex.quote(str(path))
    sudo = "" if user in (info.st_uid, _ROOT) else "sudo "
    close = f"{sudo}chmod 600 {name}"
    if info.st_uid == user:
        return close
    return f"{sudo}chown {shlex.quote(owner_name(user))} {name} && {close}"
