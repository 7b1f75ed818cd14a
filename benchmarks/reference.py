"""The plain step of AimCLR alone: what `skelact bench step` compares with, timed without anything beside it.

    python benchmarks/reference.py --clips 128 --threads 2 --steps 5

The computation itself is src/skelact/bench/reference/, where an installed `skelact bench` finds it too.
"""

import argparse
from statistics import median

import torch

from skelact.bench import FULL
from skelact.bench.compare import seconds
from skelact.bench.works import device_for
from skelact.bench.works.step import plain_part


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("clips", "frames", "persons", "width"):
        arguments.add_argument(f"--{name}", type=int, default=getattr(FULL, name))
    arguments.add_argument("--device", default="auto")
    arguments.add_argument("--threads", type=int)
    arguments.add_argument("--steps", type=int, default=5)
    given = vars(arguments.parse_args())
    steps = given.pop("steps")
    config = FULL.model_validate(FULL.model_dump() | given)
    device = device_for(config)
    run = plain_part(config, device).run
    run()  # the first one also prepares
    taken = [seconds(run, device) for _ in range(steps)]
    print(
        f"{config.clips} clips on {device}, {torch.get_num_threads()} threads: median {median(taken):.2f} s "
        f"({min(taken):.2f}..{max(taken):.2f}) of {steps} steps, {config.clips / median(taken):.1f} clips/s"
    )


if __name__ == "__main__":
    main()
