"""What this processor can do that decides how something is computed best."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch

_CPUINFO = Path("/proc/cpuinfo")


@cache
def multiplies_bf16() -> bool | None:
    """Whether this processor has instructions that multiply bfloat16; None where neither PyTorch nor the system tells.

    Without them PyTorch computes in float32 and converts before and after. On x86 they are called avx512_bf16 and
    amx_bf16, on ARM bf16; SVE's own are svebf16 to Linux and sve_bf16 to PyTorch.
    """
    told = {name for name, has in _capabilities().items() if has is True}
    named = told | set(_words_of_the_system())
    return any(re.fullmatch("avx512_bf16|amx_bf16|(sve_?)?bf16", name) for name in named) if named else None


def doubt(precision: str, device: torch.device) -> str | None:
    """Why a precision is the wrong one for a device; None where there is nothing to say."""
    if precision != "bf16" or device.type != "cpu" or multiplies_bf16() is not False:
        return None
    return (
        "this processor has no bf16 instructions: bf16 is about twice as slow as float32 here; use --precision float32"
    )


def _capabilities() -> Mapping[str, object]:
    """What PyTorch found; nothing from one that cannot be asked."""
    return getattr(torch.cpu, "get_capabilities", dict)()


def _words_of_the_system() -> list[str]:
    """The instruction sets that Linux lists: after `flags` on x86, after `Features` on ARM."""
    if not _CPUINFO.exists():
        return []
    text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.M)
    return found[1].split() if found else []
