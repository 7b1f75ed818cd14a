"""The `skelact` command, which is also `python -m skelact`."""

import os
import signal
import sys
from types import FrameType


def main() -> int:
    """Run the command that the arguments name; the exit status, 130 for Ctrl-C, however early it comes."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    try:
        from skelact.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


def _interrupted(number: int, frame: FrameType | None) -> None:
    """End at once where modules are being imported: an exception there comes out as another one, or as none, or in C++,
    which aborts. Elsewhere it is a KeyboardInterrupt as ever."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            os._exit(130)
        frame = frame.f_back
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
