"""The native library: compiled once for a machine, then kept in the user's cache folder.

The compiler is called by itself rather than by `torch.utils.cpp_extension`: plain C functions over addresses need none
of PyTorch's headers, so it takes seconds and no ninja, and a file that is moved into place whole needs no lock that a
killed process would leave behind.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from skelact.world import atomic_file

_WIDE = ("-mprefer-vector-width=512",) if platform.machine() == "x86_64" else ()
FLAGS = ("-std=c++17", "-O3", "-march=native", *_WIDE, "-fno-math-errno", "-fno-trapping-math")
_LINKED = ("-fopenmp", "-shared", "-fPIC")
SOURCES = Path(__file__).parent
PATIENCE = 300
"""Seconds after which a compiler is given up."""


class Unavailable(Exception):
    """There is no native library here; the text says why."""


def compiled() -> ctypes.CDLL:
    """The library, compiled if this machine has none of these sources yet. Unavailable if it cannot be."""
    if not sys.platform.startswith("linux"):
        raise Unavailable(f"it is made for Linux, this is {sys.platform}")
    compiler = shutil.which("g++")
    if compiler is None:
        raise Unavailable("g++ was not found")
    try:
        path = cache_folder() / f"native-{_key(compiler)}.so"
        if not path.exists():
            _compile(compiler, path)
        # PyTorch has loaded its libgomp by now; a library that asks for that name gets the same one, and its threads.
        try:
            return ctypes.CDLL(str(path))
        except OSError:  # damaged
            _compile(compiler, path)
            return ctypes.CDLL(str(path))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise Unavailable(str(error)) from error


def cache_folder() -> Path:
    """Where compiled libraries are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skelact"


def _key(compiler: str) -> str:
    """Hash of all that decides what is compiled; a home folder may be shared by machines with other processors."""
    version = subprocess.run([compiler, "--version"], capture_output=True, check=True, timeout=PATIENCE).stdout
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    # Some systems list only names, not what -march=native goes by; so both.
    processor = [next((line for line in cpuinfo if line.startswith(name)), "") for name in ("model name", "flags")]
    told = [version.decode(errors="replace"), platform.machine(), *processor, *FLAGS, *_LINKED]
    told += [path.read_text(encoding="utf-8") for path in _files("*.h") + _files("*.cpp")]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]


def _files(pattern: str) -> list[Path]:
    return sorted(SOURCES.glob(pattern))


def _compile(compiler: str, path: Path) -> None:
    with atomic_file(path) as temporary:
        command = [compiler, *FLAGS, *_LINKED, *map(str, _files("*.cpp")), "-o", str(temporary)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if ended.returncode:
            said = ended.stderr.strip().splitlines() or ["it said nothing"]
            raise Unavailable(f"{compiler} failed: {next((line for line in said if 'error' in line), said[0])}")
