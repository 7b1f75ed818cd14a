"""Commands that show what the program can do on this machine: demo, bench."""

from pathlib import Path

from tyro.conf import Positional

from skelact.bench.config import FULL, QUICK, BenchConfig, Work
from skelact.cli.shared import err
from skelact.system.terminal import say
from skelact.system.world import write_json


def demo(out: Path = Path("demo"), quick: bool = False) -> None:
    """Synthesize, pretrain AimCLR, evaluate and report, to see everything work.

    Args:
        out: Folder to write; the same command goes on with a demo that was stopped.
        quick: A minute's work that only shows that everything runs; its numbers mean nothing.
    """
    from skelact import demo as demonstration

    page = demonstration.demo(out, quick, err)
    say(f"report: {page}")


def bench(
    works: Positional[tuple[Work, ...]] = (),
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
        rounds: Rounds that medians are over; by default 5.
        threads: Threads of PyTorch; by default its own choice.
        clips: Clips of a batch; by default 128.
        frames: Frames of a clip; by default 50.
        persons: Persons of a clip; by default 2.
        width: Channels of the encoder's first blocks; by default 16.
        memory: Measure the peak memory of each variant too, each in a process of its own; never with --quick.
        quick: Tiny sizes that only show that everything runs; the numbers mean nothing.
        json: File for every number: times of each round, machine, settings.
    """
    from skelact import bench as benchmark

    sizes = {"rounds": rounds, "threads": threads, "clips": clips, "frames": frames, "persons": persons, "width": width}
    base = QUICK if quick else FULL.model_copy(update={"memory": memory})
    given = {name: value for name, value in sizes.items() if value is not None} | {"device": device}
    config = BenchConfig.model_validate(base.model_dump() | given)
    with err.status("") as status:
        report = benchmark.bench(works, config, status.update)
    if json is not None:
        write_json(json, report.model_dump(mode="json"))
    benchmark.show(report)
    if quick:
        err.print("this was --quick: it shows that everything runs, its numbers mean nothing")
