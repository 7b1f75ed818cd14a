"""The commands; `flags` makes their options."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ValidationError
from rich.console import Console
from tyro.conf import Positional, UseAppendAction, arg

from skelact import __version__
from skelact import bench as benchmark
from skelact import demo as demonstration
from skelact.data.describe import describe
from skelact.data.prepare import prepare as prepare_store
from skelact.data.readers import reader
from skelact.data.store import Store
from skelact.data.synthetic import synthesize as synthesize_store
from skelact.encoders.file import load_encoder, save_encoder
from skelact.encoders.weights import import_weights as read_weights
from skelact.evaluate import classify as use
from skelact.evaluate.knn import KnnConfig
from skelact.evaluate.linear import LinearConfig
from skelact.evaluate.result import show
from skelact.evaluate.run import evaluate_run
from skelact.flags import Command, choice, for_flags, list_entries, out_of_range, run_command
from skelact.recipes import RECIPES
from skelact.report import report as write_report
from skelact.skeleton import Skeleton
from skelact.streams import Stream
from skelact.train import TrainConfig
from skelact.train import pretrain as train
from skelact.world import SkelactError, write_json

View = Literal["released", "robust"]
Format = Literal["ntu", "ucla", "utd", "sbu"]

PROTOCOLS: dict[str, KnnConfig | LinearConfig] = {"knn": KnnConfig(), "linear": LinearConfig()}

err = Console(stderr=True, highlight=False, soft_wrap=True)


def synthesize(
    out: Path,
    clips: int = 2400,
    classes: int = 12,
    subjects: int = 20,
    views: int = 3,
    seed: int = 0,
    persons: Literal[1, 2] = 2,
) -> None:
    """Write a store of made-up bodies doing named actions before several cameras.

    Args:
        out: Store to write; must not exist.
        clips: Recordings in all.
        classes: Different actions.
        subjects: Different people.
        views: Cameras that see every performance.
        seed: The same numbers and seed give the same bytes.
        persons: 1 leaves out the actions of two people.
    """
    synthesize_store(out, clips=clips, classes=classes, subjects=subjects, views=views, seed=seed, persons=persons)


def prepare(
    format: Positional[Format],
    source: Positional[Path],
    out: Path,
    view: View = "robust",
    frames: int = 50,
    jobs: int | None = None,
    skip_bad: bool = False,
    leave_out: Path | None = None,
) -> None:
    """Read raw recordings into a store.

    Args:
        format: Data set that the files belong to.
        source: Folder, zip archive or single file.
        out: Store to write; must not exist.
        view: released: as the published programs prepare clips. robust: with gaps, noise and identities mended.
        frames: Length that every clip is brought to.
        jobs: Processes that parse; as many as pay off unless told.
        skip_bad: Leave out files that cannot be read and list them, rather than stop at the first.
        leave_out: File with names of clips to leave out, one a line, such as NTU's missing-skeleton lists.
    """
    prepare_store(reader(format), source, out, view, frames, jobs, skip_bad, leave_out)


def info(store: Positional[Path]) -> None:
    """Show what a store holds."""
    Console(highlight=False).print(describe(Store.open(store)))


def verify(store: Positional[Path]) -> None:
    """Re-hash a store; name damaged files and exit with status 1 if there are any."""
    damaged = Store.open(store).verify()
    if damaged:
        raise SkelactError("\n".join(f"{store}/{name}: not as it was written" for name in damaged))
    print(f"{store}: every file is as it was written")


def pretrain(arguments: list[str]) -> None:
    """Learn an encoder from the training clips of stores, without labels."""
    recipe, rest = choice("pretrain", "RECIPE", arguments, {name: make.__doc__ or "" for name, make in RECIPES.items()})

    default = for_flags(RECIPES[recipe]())

    def command(
        store: UseAppendAction[tuple[Path, ...]],
        split: UseAppendAction[tuple[str, ...]],
        run: Path,
        config: Annotated[TrainConfig, arg(name="")] = default,
    ) -> None:
        """Pretrain an encoder without labels; the same command goes on with a run that was stopped.

        Args:
            store: Store to train on; several times to pool several, mapped to one layout by joint name.
            split: Split whose training clips are used: one for all stores, or one for each in their order.
            run: Folder of the run.
        """
        if not store or not split:
            raise SkelactError("expected at least one --store and one --split; skelact info STORE lists its splits")
        done = train(TrainConfig.model_validate(config.model_dump()), list(store), list(split), run, err)
        if done.finished:
            err.print(f"{run}: {done.total} steps in {done.seconds:.0f} s; next:", markup=False)
            for one, name in zip(store, split if len(split) > 1 else split * len(store), strict=True):
                err.print(f"  skelact evaluate knn {run} --store {one} --split {name}", markup=False)

    run_command(command, rest, f"pretrain {recipe}")


def evaluate(arguments: list[str]) -> None:
    """Measure a run's encoder on a labelled split, beside random weights."""
    protocol, rest = choice(
        "evaluate", "PROTOCOL", arguments, {"knn": "Nearest neighbours.", "linear": "A linear classifier."}
    )

    def command(
        run: Positional[Path],
        store: Path,
        split: str,
        seeds: int = 3,
        config: Annotated[Any, arg(name="", constructor=type(PROTOCOLS[protocol]))] = PROTOCOLS[protocol],
    ) -> None:
        """Evaluate frozen features; prints a table and writes RUN/evaluate/PROTOCOL-STORE-SPLIT.json.

        Args:
            run: Run folder or encoder file.
            store: Labelled store.
            split: Split of the store.
            seeds: Classifiers, and random encoders of the control row.
        """
        show(evaluate_run(protocol, run, store, split, seeds, config))

    run_command(command, rest, f"evaluate {protocol}")


def import_weights(
    file: Positional[Path],
    out: Path,
    stream: Stream = "joint",
    view: View = "released",
    frames: int = 50,
    persons: int = 2,
    skeleton: Path | None = None,
    classes: Path | None = None,
) -> None:
    """Turn a published checkpoint of the ST-GCN family into an encoder file.

    Args:
        file: PyTorch file with a state dict; never unpickled beyond tensors.
        out: Encoder file to write (.safetensors).
        stream: Stream that it was trained on.
        view: Preparation that its clips had.
        frames: Frames that its clips had.
        persons: Persons that its clips had.
        skeleton: JSON file of the layout, where no built-in one has its number of joints.
        classes: Text file with the label of each output of a classifier head, one a line; NTU RGB+D's by default.
    """
    labels = tuple(classes.read_text(encoding="utf-8").splitlines()) if classes else None
    layout = Skeleton.from_json(skeleton) if skeleton else None
    found = read_weights(file, stream, view, frames, persons, layout, labels)
    save_encoder(out, found.encoder.network, found.encoder.card, found.encoder.head)
    print(found.report())
    print(f"written: {out}")


def classify(encoder: Positional[Path], source: Positional[Path], format: Format, top: int | None = None) -> None:
    """Name the actions of raw recordings: one JSON line a clip on standard output.

    Args:
        encoder: Encoder file with a classifier head.
        source: Folder, zip archive or single file.
        format: Data set that the files belong to.
        top: Classes to print, best first; 5 unless told, or as many as there are.
    """
    loaded = load_encoder(encoder)
    top = min(5, len(loaded.card.classes)) if top is None else top
    for line in use.classify(loaded, reader(format), source, top):
        print(json.dumps(line, ensure_ascii=False), flush=True)


def embed(encoder: Positional[Path], store: Path, out: Path) -> None:
    """Write the features of every clip of a store as .npz: features, names, labels.

    Args:
        encoder: Run folder or encoder file.
        store: Store whose clips are embedded.
        out: File to write.
    """
    use.embed(load_encoder(encoder), Store.open(store), out)
    err.print(f"{out}: features of {len(Store.open(store))} clips")


def report(runs: Positional[tuple[Path, ...]], out: Path | None = None) -> None:
    """Write one self-contained HTML page about one or several runs.

    Args:
        runs: Run folders.
        out: File to write; report.html in the first run unless told.
    """
    print(write_report(list(runs), out))


def demo(out: Path = Path("demo"), quick: bool = False) -> None:
    """Synthesize, pretrain AimCLR, evaluate and report, to see everything work.

    Args:
        out: Folder to write; the same command goes on with a demo that was stopped.
        quick: A minute's work that only shows that everything runs; its numbers mean nothing.
    """
    page = demonstration.demo(out, quick, err)
    print(f"report: {page}")


def bench(
    works: Positional[tuple[benchmark.Work, ...]] = (),
    device: str = "auto",
    rounds: int | None = None,
    threads: int | None = None,
    clips: int | None = None,
    frames: int | None = None,
    persons: int | None = None,
    width: int | None = None,
    memory: bool = True,
    quick: bool = False,
    json: Path | None = None,
) -> None:
    """Time each work beside the plain computation, in interleaved rounds, and beside what this machine can do.

    Args:
        works: What to measure; everything unless named.
        device: cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.
        rounds: Rounds that medians are over; 5 unless told.
        threads: Threads of PyTorch; its own choice unless told.
        clips: Clips of a batch; 128 unless told.
        frames: Frames of a clip; 50 unless told.
        persons: Persons of a clip; 2 unless told.
        width: Channels of the encoder's first blocks; 16 unless told.
        memory: Measure the peak memory of each variant too, each in a process of its own; never with --quick.
        quick: Tiny sizes that only show that everything runs; the numbers mean nothing.
        json: File for every number: times of each round, machine, settings.
    """
    sizes = {"rounds": rounds, "threads": threads, "clips": clips, "frames": frames, "persons": persons, "width": width}
    base = benchmark.QUICK if quick else benchmark.FULL.model_copy(update={"memory": memory})
    given = {name: value for name, value in sizes.items() if value is not None} | {"device": device}
    config = benchmark.BenchConfig.model_validate(base.model_dump() | given)
    with err.status("") as status:
        report = benchmark.bench(works, config, status.update)
    if json is not None:
        write_json(json, report.model_dump(mode="json"))
    benchmark.show(report)
    if quick:
        err.print("this was --quick: it shows that everything runs, its numbers mean nothing")


COMMANDS: dict[str, Command] = {
    "demo": demo,
    "synthesize": synthesize,
    "prepare": prepare,
    "info": info,
    "verify": verify,
    "pretrain": pretrain,
    "evaluate": evaluate,
    "import-weights": import_weights,
    "classify": classify,
    "embed": embed,
    "report": report,
    "bench": bench,
}
_WITH_CHOICE: tuple[Command, ...] = (pretrain, evaluate)
"""Commands whose options depend on their first word."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status. Errors that a user can mend are printed without a traceback."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["--version"]:
        print(f"skelact {__version__}")
        return 0
    if not arguments or arguments[0] in ("-h", "--help"):
        list_entries(Console(highlight=False), "skelact COMMAND --help tells a command's options.", COMMANDS)
        return 0 if arguments else 2
    command = COMMANDS.get(arguments[0])
    try:
        if command is None:
            raise SkelactError(f"no command {arguments[0]!r}; there are {', '.join(COMMANDS)}")
        if command in _WITH_CHOICE:
            command(arguments[1:])
        else:
            run_command(command, arguments[1:], arguments[0])
    except (SkelactError, ValidationError) as error:
        err.print("[red]error:[/red] ", end="")
        err.print(out_of_range(error) if isinstance(error, ValidationError) else str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        err.print("interrupted")
        return 130
    except BrokenPipeError:  # whoever read our output has gone; keep Python from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # a disk that is full, a folder that may not be written, a file that is not there
        err.print("[red]error:[/red] ", end="")
        err.print(f"{error.filename}: {error.strerror}" if error.filename else str(error), markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
