"""Native code for memory-bound steps: C++ that is compiled at first use and called through ctypes.

Each function has a plain PyTorch or numpy twin. The twin runs without a compiler, on other devices and for other
dtypes, and is the reference of the tests. `SKELACT_NATIVE=0` in the environment switches native code off.
"""

import ctypes
import os
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from skelact.system.native.build import Unavailable, compiled, tell
from skelact.system.printable import printable

Argument = Tensor | np.ndarray | bytes | int | float | None

_TYPES = (torch.float32, torch.bfloat16)


def takes(*tensors: Tensor | None) -> bool:
    """Whether native code can process these: contiguous, on the CPU, all float32 or all bfloat16."""
    given = [each for each in tensors if each is not None]
    dtype = given[0].dtype
    fit = dtype in _TYPES and all(
        each.dtype == dtype and each.device.type == "cpu" and each.is_contiguous() for each in given
    )
    return fit and available()


def available() -> bool:
    """Whether native code can be used. If it is wanted but unavailable, the first call prints why."""
    return not _switched_off() and not isinstance(_library(), str)


def state() -> str:
    """`used`, or the reason why it is not."""
    if _switched_off():
        return "switched off by SKELACT_NATIVE=0"
    library = _library()
    return library if isinstance(library, str) else "used"


def call(function: str, *arguments: Argument) -> int:
    """Call a native function and return its result; if the first argument is a tensor, the variant for its dtype.

    Integers are passed as int64_t, floats as double, arrays as their address, None as a null pointer.
    """
    library, first = _library(), arguments[0] if arguments else None
    assert not isinstance(library, str)
    name = f"{function}_{str(first.dtype).removeprefix('torch.')}" if isinstance(first, Tensor) else function
    return getattr(library, name)(*map(_passed, arguments))


def _passed(argument: Argument):
    if argument is None:
        return ctypes.c_void_p()
    if isinstance(argument, bytes):
        return ctypes.c_char_p(argument)
    if isinstance(argument, Tensor):
        assert argument.is_contiguous()
        return ctypes.c_void_p(argument.data_ptr())
    if isinstance(argument, np.ndarray):
        assert argument.flags.c_contiguous
        return ctypes.c_void_p(argument.ctypes.data)
    return ctypes.c_double(argument) if isinstance(argument, float) else ctypes.c_int64(argument)


def _switched_off() -> bool:
    return os.environ.get("SKELACT_NATIVE") == "0"


@lru_cache
def _library() -> ctypes.CDLL | str:
    """The library, or the reason why there is none."""
    try:
        return compiled()
    except Unavailable as error:
        reason = printable(str(error))
        tell(f"native code is not used, PyTorch's operations run instead: {reason}")
        return reason
