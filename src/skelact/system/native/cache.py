"""Whether code from a folder may be run: only its user, and root, can change what lies in it."""

import os
import stat
from pathlib import Path


def doubt(folder: Path) -> str:
    """Why code from `folder`, which need not be there yet, may be somebody else's; empty where it cannot.

    The folder and all above it must be root's or one's own, and writable by nobody else; one that all may write to, as
    /tmp, is well as long as nobody may rename another's files in it (the sticky bit). The folder itself must be one's
    own and no link.
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
        return f"{folder} cannot be looked at ({error})"
    return ""


def own_folder(folder: Path) -> Path:
    """`folder`, made with what is above it where it is not there, closed to all others whatever the umask."""
    for path in reversed((folder, *folder.parents)):
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _own_group(number: int) -> bool:
    """Whether a group is the one that many systems make for each user alone, of the user's name."""
    import grp  # here, for no other system than Linux and its like has them
    import pwd

    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return False
    return group.gr_name == user and set(group.gr_mem) <= {user}


def _roots() -> tuple[int, ...]:
    """Owners who may do as they please anyway. In a container of a user's own root is not known, and all who are not
    have one number."""
    try:
        whole = Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
        return (0,) if whole else (0, int(Path("/proc/sys/kernel/overflowuid").read_text()))
    except (OSError, ValueError):
        return (0,)
