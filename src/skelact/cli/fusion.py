"""The command that adds up what several streams say."""

from pathlib import Path

from tyro.conf import Positional

from skelact.cli.shared import err


def fuse(results: Positional[tuple[Path, ...]], weights: tuple[float, ...] = (), out: Path | None = None) -> None:
    """Add up the class scores of several results, aligned by clip name.

    Args:
        results: Result files of one protocol and split (.json, the .npz beside it), one a stream.
        weights: One for each result; left out, 0.6 for joint, 0.6 for bone, 0.4 for motion, 1 for any other stream.
        out: File to write (.json); by default fused-PROTOCOL-STORE-SPLIT.json beside the first result.
    """
    from skelact.evaluation.fuse import fuse as fuse_results
    from skelact.evaluation.reading import show

    fused, written = fuse_results(list(results), weights or None, out)
    show(fused)
    err.print(f"written: {written}", markup=False)
