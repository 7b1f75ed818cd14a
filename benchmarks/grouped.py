"""The search for neighbours by its two ways, the closer the features of a class stand together.

    python benchmarks/grouped.py [--queries 4096] [--clips 40091] [--threads 1]

A rough look in bfloat16 and an exact second one against the float32 search alone: the tighter the groups, the more
clips need the second look. Interleaved rounds in one process, medians of five of the process's CPU time.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor
from torch.nn.functional import normalize

from skelact.maths import neighbours
from skelact.system.allocator import kept_memory
from skelact.system.world import machine

GROUPS, FEATURES, K, ROUNDS = 60, 256, 20, 5
SPREADS = (10.0, 1.0, 0.3, 0.1, 0.03)
"""Of a group about its centre; centres are drawn with a spread of 1."""


def seconds(search: Callable[[Tensor, Tensor, int], object], queries: Tensor, train: Tensor) -> float:
    start = time.process_time()
    search(queries, train, K)
    return time.process_time() - start


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--queries", type=int, default=4096)
    arguments.add_argument("--clips", type=int, default=40_091)
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    chance = torch.Generator().manual_seed(0)
    centres = torch.randn(GROUPS, FEATURES, generator=chance).relu()
    print(f"{machine()}; {given.queries} x {given.clips} x {FEATURES}, k {K}, {GROUPS} groups\n")
    print("| spread | float32, s | rough first, s | searched in full after all |\n|---|---|---|---|")
    for spread in SPREADS:

        def drawn(count: int, spread: float = spread) -> Tensor:
            rows = centres[torch.randint(GROUPS, (count,), generator=chance)]
            return normalize((rows + spread * torch.randn(count, FEATURES, generator=chance)).relu(), dim=1)

        queries, train = drawn(given.queries), drawn(given.clips)
        ways = (neighbours._by_groups, neighbours._rough_first)
        with kept_memory():
            left = len(neighbours.rough.nearest(queries, train, K)[2])
            rounds = [[seconds(way, queries, train) for way in ways] for _ in range(ROUNDS)]
        full, first = (median(times) for times in zip(*rounds, strict=True))
        print(f"| {spread} | {full:.2f} | {first:.2f} | {left} |", flush=True)


if __name__ == "__main__":
    main()
