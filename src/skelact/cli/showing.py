"""Commands that show what skelact does on this machine: demo, bench."""

from pathlib import Path

from tyro.conf import Positional

from skelact.bench.config import FULL, QUICK, BenchConfig, Work
from skelact.cli.shared import err
from skelact.system.terminal import say
from skelact.system.world import write_json


def demo(out: Path = Path("demo"), quick: bool = False) -> None:
    """Run everything once: synthesize clips, pretrain AimCLR, evaluate, write a report.

    Args:
        out: Folder to write. The same command continues a stopped demo.
        quick: Takes a minute; only shows that everything runs, its numbers mean nothing.
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
    """Measure the speed of each work, compared with a plain program and with the limits of this machine.

    Args:
        works: Works to measure (default: all).
        device: cpu, cuda, cuda:1, ...; auto: a GPU if there is one.
        rounds: Number of rounds; results are medians (default: 5).
        threads: Threads of PyTorch (default: its own choice).
        clips: Clips per batch (default: 128).
        frames: Frames per clip (default: 50).
        persons: Persons per clip (default: 2).
        width: Channels of the encoder's first blocks (default: 16).
        memory: Also measure the peak memory of each variant, in separate processes; never with --quick.
        quick: Tiny sizes; only shows that everything runs, its numbers mean nothing.
        json: JSON file for all results: times of each round, machine, settings (optional).
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
        err.print("--quick only shows that everything runs; its numbers mean nothing")
