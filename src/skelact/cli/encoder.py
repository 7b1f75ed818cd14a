"""Commands that take or give an encoder file: import-weights, classify, embed."""

import json
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from skelact.cli.flags import at_least_one
from skelact.cli.shared import Format, FormatOptions, check_kind, err
from skelact.config import Preparation, Stream
from skelact.system.terminal import say


def import_weights(
    file: Positional[Path],
    out: Path,
    stream: Stream = "joint",
    preparation: Preparation = "released",
    frames: int = 50,
    persons: int = 2,
    skeleton: str | None = None,
    classes: Path | None = None,
    units: str | None = None,
    prefix: str | None = None,
) -> None:
    """Turn a published checkpoint of the ST-GCN family into an encoder file.

    Args:
        file: PyTorch file with a state dict; never unpickled beyond tensors.
        out: Encoder file to write (.safetensors).
        stream: Stream that it was trained on.
        preparation: Preparation that its clips had.
        frames: Frames that its clips had.
        persons: Persons that its clips had.
        skeleton: Layout, a built-in name or a JSON file, where the file's graph is none of ours.
        classes: Text file with the label of each output of a classifier head, one a line; NTU RGB+D's by default.
        units: Units of the clips that it was trained on; metres on Kinect v2 by default, else unknown.
        prefix: What stands before the encoder's names, where the file holds several encoders.
    """
    at_least_one(frames=frames, persons=persons)
    check_kind(out, ".safetensors")
    from skelact.data.readers.array_files import labels_in
    from skelact.encoders.file import save_encoder
    from skelact.encoders.stgcn.imported import import_weights as read_weights
    from skelact.layouts import named_layout

    labels = labels_in(classes) if classes else None
    layout = named_layout(skeleton) if skeleton else None
    found = read_weights(file, stream, preparation, frames, persons, layout, labels, units, prefix)
    save_encoder(out, found.encoder.network, found.encoder.card, found.encoder.head)
    say(found.report())
    say(f"written: {out}")


def classify(
    encoder: Positional[Path],
    source: Positional[Path],
    format: Format,
    top: int | None = None,
    options: Annotated[FormatOptions, arg(name="")] = FormatOptions(),  # noqa: B008
) -> None:
    """Name the actions of raw recordings: one JSON line a clip on standard output.

    Args:
        encoder: Encoder file with a classifier head.
        source: Folder, zip archive or single file.
        format: Data set that the files belong to.
        top: Classes to print, best first; by default 5, or as many as there are.
    """
    at_least_one(top=top)
    from skelact.encoders.file import load_encoder
    from skelact.evaluation import classify as use
    from skelact.evaluation.results.identity import expect_run

    expect_run(encoder)
    loaded = load_encoder(encoder)
    top = min(5, len(loaded.card.classes)) if top is None else top
    for line in use.classify(loaded, options.reader(format, source), source, top):
        say(json.dumps(line, ensure_ascii=False))


def embed(encoder: Positional[Path], store: Path, out: Path, stream: Stream | None = None) -> None:
    """Write the features of every clip of a store as .npz: features, names, labels.

    Args:
        encoder: Run folder or encoder file.
        store: Store whose clips are embedded.
        out: File to write.
        stream: Which encoder of a run that learned several streams; by default its first.
    """
    from skelact.data.store import Store
    from skelact.encoders.file import load_encoder
    from skelact.evaluation import classify as use
    from skelact.evaluation.results.identity import expect_run

    check_kind(out, ".npz")
    expect_run(encoder)
    use.embed(load_encoder(encoder, stream), Store.open(store), out)
    err.print(f"{out}: features of {len(Store.open(store))} clips", markup=False)
