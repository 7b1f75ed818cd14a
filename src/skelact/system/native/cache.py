"""Whether code from a folder may be run: only the user and root may be able to change it."""

import os
import stat
from pathlib import Path


def doubt(folder: Path) -> str:
    """Why code from `folder`, which need not exist yet, is unsafe; empty if it is safe.

    The folder must belong to the user, be writable by nobody else and be no link. The folders above must belong to the
    user or root, and be writable by nobody else or have the sticky bit, as /tmp.
    """
    me = os.geteuid()
    try:
        if folder.is_symlink():
            return f"{folder} is a link"
        for path in (folder, *folder.parents, *folder.resolve().parents):
            if not os.path.lexists(path):
                continue
            state = path.stat()
            if state.st_uid not in ((me,) if path == folder else (me, *_roots())):
                return f"{path} belongs to another user ({state.st_uid})"
            shared = state.st_mode & stat.S_IWOTH or (state.st_mode & stat.S_IWGRP and not _own_group(state.st_gid))
            if shared and (path == folder or not state.st_mode & stat.S_ISVTX):
                return f"others may write to {path}"
    except (OSError, RuntimeError) as error:  # a link to itself
        return f"{folder} cannot be checked ({error})"
    return ""


def own_folder(folder: Path) -> Path:
    """Create `folder` with missing parents, closed to all others whatever the umask."""
    for path in reversed((folder, *folder.parents)):
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _own_group(number: int) -> bool:
    """Whether a group is the private group of this user, which many systems create with the user's name."""
    import grp  # here, as only Unix systems have them
    import pwd

    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return False
    return group.gr_name == user and set(group.gr_mem) <= {user}


def _roots() -> tuple[int, ...]:
    """Ids of root. In a user's own container root is unknown, and all unknown owners share the overflow id."""
    try:
        whole = Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
        return (0,) if whole else (0, int(Path("/proc/sys/kernel/overflowuid").read_text()))
    except (OSError, ValueError):
        return (0,)
