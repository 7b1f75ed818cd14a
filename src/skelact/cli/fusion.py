"""The command that fuses results of several streams."""

from pathlib import Path

from tyro.conf import Positional

from skelact.cli.shared import err


def fuse(results: Positional[tuple[Path, ...]], weights: tuple[float, ...] = (), out: Path | None = None) -> None:
    """Add up the class scores of several results, aligned by clip name.

    Args:
        results: Result files (.json) of one protocol and split, one per stream; each needs its .npz beside it.
        weights: One weight per result (default: 0.6 for joint and bone, 0.4 for motion, 1 for other streams).
        out: JSON file to write (default: fused-PROTOCOL-STORE-SPLIT.json beside the first result).
    """
    from skelact.evaluation.fuse import fuse as fuse_results
    from skelact.evaluation.reading import show

    fused, written = fuse_results(list(results), weights or None, out)
    show(fused)
    err.print(f"written: {written}", markup=False)
