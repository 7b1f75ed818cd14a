"""Commands that read or write an encoder file: import-weights, classify, embed."""

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
    """Convert a published checkpoint of the ST-GCN family to an encoder file.

    Args:
        file: PyTorch file with a state dict. No code in it is run.
        out: Encoder file to write (.safetensors).
        stream: Stream of its training clips.
        preparation: Preparation of its training clips.
        frames: Frames of its training clips.
        persons: Persons of its training clips.
        skeleton: Layout: a built-in name or a JSON file (default: the built-in layout with the file's graph).
        classes: Text file with the class names of a classifier head, one per line (default: those of NTU RGB+D).
        units: Units of its training clips (default: metres on Kinect v2, else unknown).
        prefix: Prefix of the encoder's tensor names, if the file has several encoders.
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
    """Recognise the actions in recordings: one line of JSON per clip on standard output.

    Args:
        encoder: Encoder file with a classifier head.
        source: Folder, zip archive or single file with recordings.
        format: Format of the recordings.
        top: Number of classes to print, best first (default: 5).
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
    """Write the features of every clip of a store to a .npz file: features, names, labels.

    Args:
        encoder: Run folder or encoder file.
        store: Store with the clips.
        out: .npz file to write.
        stream: Stream of the encoder, for a run that learned several (default: the first).
    """
    from skelact.data.store import Store
    from skelact.encoders.file import load_encoder
    from skelact.evaluation import classify as use
    from skelact.evaluation.results.identity import expect_run

    check_kind(out, ".npz")
    expect_run(encoder)
    use.embed(load_encoder(encoder, stream), Store.open(store), out)
    err.print(f"{out}: features of {len(Store.open(store))} clips", markup=False)
