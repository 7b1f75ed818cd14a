"""Compiles the native library once a machine and keeps it in the user's cache folder.

The compiler is called directly, not through `torch.utils.cpp_extension`: plain C functions need no PyTorch headers, so
compiling takes seconds and no ninja. The library is moved to its path atomically, so no lock is needed that a killed
process could leave behind.

Loading a library runs its code. So it is only loaded from a folder that nobody else can write to (`cache`), and only if
its bytes have the hash in its name.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from multiprocessing import parent_process
from pathlib import Path

from skelact.system import terminal
from skelact.system.native.cache import doubt, own_folder
from skelact.system.processor import cpuinfo

_WIDE = ("-mprefer-vector-width=512",) if platform.machine() == "x86_64" else ()
FLAGS = ("-std=c++17", "-O3", "-march=native", *_WIDE, "-fno-math-errno", "-fno-trapping-math")
_LINKED = ("-fopenmp", "-shared", "-fPIC")
SOURCES = Path(__file__).parent
PATIENCE = 300
"""Timeout of the compiler in seconds."""


class Unavailable(Exception):
    """There is no native library; the text says why."""


def compiled() -> ctypes.CDLL:
    """The library, compiled if the cache has none of these sources. Unavailable if that fails.

    A cache folder that others can write to is not used. The library is then compiled in a private temporary folder,
    with a message, and removed once it is loaded.
    """
    if not sys.platform.startswith("linux"):
        raise Unavailable(f"it needs Linux, this is {sys.platform}")
    compiler = shutil.which("g++")
    if compiler is None:
        raise Unavailable("g++ was not found")
    try:
        folder = cache_folder()
        reason = (doubt(folder) or doubt(own_folder(folder))) if folder else "there is no home folder"
        if folder and not reason:
            return _loaded(_kept(compiler, folder))
        with tempfile.TemporaryDirectory(prefix="skelact-") as alone:  # mode 0700 and an unpredictable name
            if worse := doubt(Path(alone)):
                raise Unavailable(f"there is no private folder for it: {reason}; {worse}")
            tell(f"native code is compiled for this process only, {reason}: set XDG_CACHE_HOME to another folder")
            return _loaded(_compile(compiler, Path(alone), "once"))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise Unavailable(str(error)) from error


def tell(text: str) -> None:
    """Print a line on standard error, only on rank 0 and not in child processes."""
    if parent_process() is None and os.environ.get("RANK", "0") == "0":
        terminal.tell(text)


def cache_folder() -> Path | None:
    """Folder of compiled libraries; None if the user has no home."""
    cache_home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if cache_home.is_absolute():  # the XDG standard ignores relative paths
        return cache_home / "skelact"
    try:
        return Path.home() / ".cache" / "skelact"
    except RuntimeError:
        return None


def _kept(compiler: str, folder: Path) -> Path:
    """The library from the cache folder, else compiled. Its name contains hashes of its sources and its content."""
    key = _key(compiler)
    for path in sorted(folder.glob(f"native-{key}-*.so")):
        if _is_whole(path):
            return path
        if not path.is_dir():
            path.unlink(missing_ok=True)  # incomplete, or not our file
    return _compile(compiler, folder, key)


def _is_whole(path: Path) -> bool:
    """Whether a file is ours, writable by nobody else, and has the hash in its name."""
    state = path.lstat()
    if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        return False
    return path.stem.rpartition("-")[2] == _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _loaded(path: Path) -> ctypes.CDLL:
    # PyTorch has loaded its libgomp already; this library gets the same one, and its threads.
    return ctypes.CDLL(str(path))


def _key(compiler: str) -> str:
    """Hash of everything that affects compiling, processor included: machines may share a home folder."""
    version = subprocess.run([compiler, "--version"], capture_output=True, check=True, timeout=PATIENCE).stdout
    # Both: some systems list only the name, not the flags that -march=native uses.
    processor = (cpuinfo("model name"), cpuinfo("flags"))
    parts = [version.decode(errors="replace"), platform.machine(), *processor, *FLAGS, *_LINKED]
    parts += [path.read_text(encoding="utf-8") for path in _files("*.h") + _files("*.cpp")]
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:16]


def _files(pattern: str) -> list[Path]:
    return sorted(SOURCES.glob(pattern))


def _compile(compiler: str, folder: Path, key: str) -> Path:
    """Compile into `folder`. Returns the path of the library, whose name ends in the hash of its content."""
    made = folder / f"native-{key}.so"
    with tempfile.TemporaryDirectory(prefix=".native-", dir=folder, ignore_cleanup_errors=True) as hidden:
        out = Path(hidden) / made.name
        command = [compiler, *FLAGS, *_LINKED, *map(str, _files("*.cpp")), "-o", str(out)]
        ended = subprocess.run(command, capture_output=True, timeout=PATIENCE)
        if ended.returncode:
            lines = ended.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            fault = next((line for line in lines if "error" in line), lines[0])
            raise Unavailable(f"{compiler} failed: {fault}")
        out.chmod(0o700)
        with out.open("rb") as written:
            os.fsync(written.fileno())
        path = folder / f"native-{key}-{_digest(out)}.so"
        out.replace(path)
    return path
