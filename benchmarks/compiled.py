"""What torch.compile makes of the encoder's forward and backward pass on this machine, beside the hand-written path.

    python benchmarks/compiled.py [--clips 32] [--threads 2] [--rounds 5]

The blocks written plainly, the same compiled block by block, and ours; float32 and bf16, in turn within each round.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor

from skelact.bench import FULL, made_up
from skelact.encoders.stgcn.network import STGCN, STGCNConfig
from skelact.layouts import KINECT_V2
from skelact.system.allocator import kept_memory
from skelact.system.world import machine


def encoder(way: str) -> STGCN:
    torch.manual_seed(0)
    network = STGCNConfig(width=FULL.width).build(KINECT_V2)
    if way == "compiled":
        network.compile_blocks()
    network.engine = "fast" if way == "ours" else "plain"
    return network


def run_of(way: str, precision: str, x: Tensor) -> Callable[[], None]:
    network = encoder(way)

    def run() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            network(x).square().mean().backward()

    return run


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--clips", type=int, default=32)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    x = made_up.clips(FULL, given.clips)
    print(f"{machine()}; {given.clips} clips\n\n| | first run | seconds | times plain |\n|---|---|---|---|")
    ways = [(way, precision) for precision in ("float32", "bf16") for way in ("plain", "compiled", "ours")]
    with kept_memory():
        runs = {each: run_of(*each, x) for each in ways}
        first = {each: timed(run) for each, run in runs.items()}
        taken = [{each: timed(run) for each, run in runs.items()} for _ in range(given.rounds)]
    for way, precision in ways:
        seconds = [round_[way, precision] for round_ in taken]
        ratio = median(round_["plain", "float32"] / round_[way, precision] for round_ in taken)
        spread = f"{median(seconds):.2f} ({min(seconds):.2f}..{max(seconds):.2f})"
        print(f"| {way}, {precision} | {first[way, precision]:.1f} | {spread} | {ratio:.2f} |")


def timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
