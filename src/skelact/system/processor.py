"""The processor: its name, and whether it multiplies bfloat16."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch

_CPUINFO = Path("/proc/cpuinfo")


@cache
def multiplies_bf16() -> bool | None:
    """Whether this processor has instructions that multiply bfloat16; None where that is unknown.

    Without them PyTorch computes in float32 and converts before and after. On x86 they are called avx512_bf16 and
    amx_bf16, on ARM bf16; SVE's own are svebf16 to Linux and sve_bf16 to PyTorch.
    """
    named = {name for name, has in _capabilities().items() if has is True} | set(_listed_by_linux())
    return any(re.fullmatch("avx512_bf16|amx_bf16|(sve_?)?bf16", name) for name in named) if named else None


def doubt(precision: str, device: torch.device) -> str | None:
    """A warning where a precision is slow on a device, else None."""
    if precision != "bf16" or device.type != "cpu" or multiplies_bf16() is not False:
        return None
    return (
        "this processor has no bf16 instructions: bf16 is about twice as slow as float32 here; use --precision float32"
    )


def _capabilities() -> Mapping[str, object]:
    """What PyTorch found; nothing with a version that does not offer it."""
    return getattr(torch.cpu, "get_capabilities", dict)()


def _listed_by_linux() -> list[str]:
    """The instruction sets that Linux lists: under `flags` on x86, under `Features` on ARM."""
    return (cpuinfo("flags") or cpuinfo("Features")).split()


def cpuinfo(key: str) -> str:
    """What /proc/cpuinfo of Linux has under a key, of the first core; empty where there is no such key or file."""
    if not _CPUINFO.exists():
        return ""
    text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    found = re.search(rf"^{re.escape(key)}\s*:(.*)$", text, re.M)
    return found[1].strip() if found else ""
