"""The processor: its name, and whether it has bfloat16 instructions."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch

_CPUINFO = Path("/proc/cpuinfo")


@cache
def multiplies_bf16() -> bool | None:
    """Whether this processor multiplies bfloat16 in hardware; None if unknown.

    Otherwise PyTorch converts to float32 and back. The instruction sets are avx512_bf16 and amx_bf16 on x86, and bf16
    on ARM; SVE's are called svebf16 by Linux and sve_bf16 by PyTorch.
    """
    named = {name for name, has in _capabilities().items() if has is True} | set(_listed_by_linux())
    return any(re.fullmatch("avx512_bf16|amx_bf16|(sve_?)?bf16", name) for name in named) if named else None


def doubt(precision: str, device: torch.device) -> str | None:
    """A warning if a precision is slow on a device, else None."""
    if precision != "bf16" or device.type != "cpu" or multiplies_bf16() is not False:
        return None
    return (
        "this processor has no bf16 instructions: bf16 is about twice as slow as float32 here; use --precision float32"
    )


def _capabilities() -> Mapping[str, object]:
    """Capabilities that PyTorch found; empty for versions without this function."""
    return getattr(torch.cpu, "get_capabilities", dict)()


def _listed_by_linux() -> list[str]:
    """The instruction sets that Linux lists: under `flags` on x86, under `Features` on ARM."""
    return (cpuinfo("flags") or cpuinfo("Features")).split()


def cpuinfo(key: str) -> str:
    """Value of a key in /proc/cpuinfo of Linux, for the first core; empty without that key or file."""
    if not _CPUINFO.exists():
        return ""
    text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    found = re.search(rf"^{re.escape(key)}\s*:(.*)$", text, re.M)
    return found[1].strip() if found else ""
