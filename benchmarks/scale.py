"""How the time and the memory of training grow, one size changed at a time.

    python benchmarks/scale.py --work FOLDER [--most 1000000] [--json FILE]

First the step of AimCLR over clips a batch, frames, joints, persons, width and bank; then stores of 10^4, 10^5, ...
`--most` clips: how long one takes to open, and what reading its batches from the mapped file takes in time and memory.
Every row is measured in a process of its own. The stores (small clips: 2 GB for a million) stay in the work folder.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import torch

from skelact.bench import FULL, BenchConfig
from skelact.bench.compare import seconds
from skelact.data.batches import batches, training_clips
from skelact.data.recording import Recording
from skelact.data.store import Store, write_store
from skelact.encoders.config import STGCNConfig
from skelact.layouts import KINECT_V1, KINECT_V2, MEDIAPIPE_33, SBU_15
from skelact.maths.draw import Draw, order
from skelact.methods import AimCLR
from skelact.methods.method import Moment
from skelact.skeleton import Skeleton
from skelact.system.allocator import kept_memory
from skelact.system.world import machine, write_json

BASE = FULL.model_copy(update={"clips": 32})
LAYOUTS = {len(layout): layout for layout in (SBU_15, KINECT_V1, KINECT_V2, MEDIAPIPE_33)}
GROWING: dict[str, tuple[int, ...]] = {
    "clips": (16, 32, 64, 128),
    "frames": (25, 50, 100, 200),
    "joints": (15, 20, 25, 33),
    "persons": (1, 2, 4),
    "width": (16, 32, 64),
    "bank": (1024, 32768, 131072),
}
STEPS = 5
FRAMES, BATCH, BATCHES = 8, 128, 200
"""Of the stores."""


def resident(kind: str = "VmHWM") -> int:
    """Bytes by a line of Linux's /proc/self/status: VmHWM the most so far, RssAnon what is no file now."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(kind))
    return int(line.split()[1]) * 1024


def step(name: str, size: int) -> dict[str, float]:
    """Seconds of a float32 step, median, and the most memory, with `name` at `size` and all else as in BASE."""
    sizes = {} if name == "joints" else {name: size}
    config = BenchConfig.model_validate(BASE.model_dump() | sizes)
    skeleton = LAYOUTS[size] if name == "joints" else KINECT_V2
    torch.manual_seed(0)
    encoder = STGCNConfig(width=config.width, features=config.features)
    method = AimCLR(AimCLR.Config(bank=config.bank), lambda: encoder.build(skeleton), skeleton)
    trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
    optimiser, views = torch.optim.SGD(trained, lr=0.1, momentum=0.9), method.views()
    x, numbers = _clips(config, skeleton), torch.arange(config.clips)

    def run() -> None:
        made = {one: view(x, Draw(numbers, 0, 0, one)) for one, view in views.items()}
        loss = method(made, Moment(0, 1, 0, 1, Draw(numbers, 0, 0, "of the method")))["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    with kept_memory():
        run()
        taken = [seconds(run, torch.device("cpu")) for _ in range(STEPS)]
    return {"seconds": median(taken), "least": min(taken), "most": max(taken), "peak_bytes": resident()}


def _clips(config: BenchConfig, skeleton: Skeleton) -> torch.Tensor:
    chance = torch.Generator().manual_seed(0)
    shape = (config.clips, 3, config.frames, len(skeleton), config.persons)
    return torch.randn(shape, generator=chance).cumsum(2) / 100


def store(folder: Path, clips: int) -> dict[str, float]:
    """Seconds to open a store of so many clips and to read its table; clips a second and memory of mapped batches."""
    path = folder / f"clips-{clips}"
    if not path.exists():
        write_store(
            path,
            dataset="made up",
            skeleton=SBU_15,
            classes=("one", "other"),
            units="metres",
            frame_rate=30,
            recordings=_recordings(clips),
            prepared=[("robust", FRAMES)],
            progress=True,
        )
    start = time.perf_counter()
    opened = Store.open(path)
    open_seconds = time.perf_counter() - start
    start = time.perf_counter()
    assert len(opened.table["name"]) == clips
    table_seconds = time.perf_counter() - start
    found = training_clips([opened], ["subject=0/1"], "robust", FRAMES)
    orders = order(0, 0, len(found))[: BATCH * BATCHES].split(BATCH)
    before, start, seen = resident("RssAnon"), time.perf_counter(), 0
    for numbers, _ in batches(found, orders, torch.device("cpu"), resident_bytes=0):
        seen += len(numbers)
    rate = seen / (time.perf_counter() - start)
    return {
        "open_seconds": open_seconds,
        "table_seconds": table_seconds,
        "clips_per_second": rate,
        "growth_bytes": resident("RssAnon") - before,
        "anonymous_bytes": resident("RssAnon"),
    }


def _recordings(clips: int) -> Iterator[Recording]:
    """Bodies that drift; every tenth is of subject 1, who tests."""
    chance = np.random.default_rng(0)
    pose = chance.normal(0, 0.4, (1, 1, len(SBU_15), 3))
    identity = np.zeros((FRAMES, 1), np.int64)
    for number in range(clips):
        drift = chance.normal(0, 0.02, (FRAMES, 1, 1, 3)).cumsum(0)
        joints = (pose + drift).astype(np.float32)
        yield Recording(f"c{number:07}", joints, identity, action=number % 2, subject=int(number % 10 == 0))


def rows(folder: Path, most: int) -> Iterator[tuple[str, int]]:
    """What is measured, in order."""
    for name, values in GROWING.items():
        yield from ((name, value) for value in values)
    clips = 10_000
    while clips <= most:
        yield "store", clips
        clips *= 10


def alone(folder: Path, name: str, size: int) -> dict[str, float]:
    """One row, in a process of its own."""
    command = [sys.executable, __file__, "--work", str(folder), "--row", name, str(size)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def shown(name: str, size: int, found: dict[str, float]) -> str:
    if name == "store":
        return (
            f"| {size:,} | {1000 * found['open_seconds']:.0f} ms | {found['table_seconds']:.2f} s "
            f"| {found['clips_per_second']:,.0f} | {found['growth_bytes'] / 2**20:.0f} MiB "
            f"| {found['anonymous_bytes'] / 2**20:.0f} MiB |"
        )
    spread = f"{found['seconds']:.2f} ({found['least']:.2f}..{found['most']:.2f})"
    return f"| {name} | {size} | {spread} | {found['peak_bytes'] / 2**30:.2f} GiB |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--most", type=int, default=1_000_000)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.row:
        name, size = given.row[0], int(given.row[1])
        print(json.dumps(store(given.work, size) if name == "store" else step(name, size)))
        return
    made = []
    print(f"{machine()}\n\nAll else: {BASE.clips} clips, 50 frames, 25 joints, 2 persons, width 16, bank 32768.\n")
    print("| what | size | seconds a step | peak |\n|---|---|---|---|")
    for name, size in rows(given.work, given.most):
        if (name, size) == ("store", 10_000):
            print("\n| clips | open | table | clips/s | growth | anonymous |\n|---|---|---|---|---|---|")
        found = alone(given.work, name, size)
        made.append({"what": name, "size": size, **found})
        print(shown(name, size, found), flush=True)
    if given.json:
        write_json(given.json, {"machine": machine(), "rows": made})


if __name__ == "__main__":
    main()
