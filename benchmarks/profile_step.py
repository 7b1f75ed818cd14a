"""Where the time of one step of AimCLR goes, in the plain computation and in ours.

    python benchmarks/profile_step.py --clips 64 --threads 1

Times are those of PyTorch's profiler, by operation, summed into kinds of work; the profiler itself slows small
operations down a little, so shares count, not seconds.
"""

import argparse

import torch
from torch.profiler import ProfilerActivity, profile

from skelact.bench import FULL
from skelact.bench.works.step import comparisons
from skelact.system.allocator import kept_memory
from skelact.system.world import machine

KINDS = {
    "convolution": ("convolution", "conv2d", "slow_conv"),
    "matrix product": ("mm", "addmm", "bmm", "baddbmm", "dot", "linear"),
    "BatchNorm": ("batch_norm", "batchnorm"),
    "random numbers": ("bernoulli", "random_", "dropout", "fused_dropout"),
    "sums and means": ("sum", "mean", "var", "avg_pool", "norm"),
    "copies": ("copy_", "contiguous", "clone", "cat", "stack", "fill_", "zero_", "index_select", "repeat"),
    "sorting and softmax": ("topk", "sort", "log_softmax", "softmax"),
    "element by element": (
        *("mul", "add", "sub", "div", "relu", "threshold", "clamp", "addcmul", "addcdiv", "sigmoid", "exp", "square"),
        *("pow", "ge", "lt", "le", "gt", "where", "bitwise", "rshift", "cos", "sin", "sqrt", "log1p", "neg", "masked"),
    ),
}
REST = "everything else, Python between"


def kind_of(operation: str) -> str:
    """The kind whose word is the longest of those that the operation's name begins with or contains."""
    name = operation.removeprefix("aten::")
    found = [(len(word), kind) for kind, words in KINDS.items() for word in words if name.startswith(word)]
    inside = [(len(word), kind) for kind, words in KINDS.items() for word in words if len(word) > 4 and word in name]
    return max(found or inside or [(0, REST)])[1] if operation.startswith("aten::") else REST


def shares(run) -> dict[str, float]:
    """Share of each kind in one run, and the seconds of all under `seconds`."""
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        run()
    taken = dict.fromkeys((*KINDS, REST), 0.0)
    for each in seen.key_averages():
        taken[kind_of(each.key)] += each.self_cpu_time_total / 1e6
    seconds = sum(taken.values())
    return {kind: time / seconds for kind, time in taken.items()} | {"seconds": seconds}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--clips", type=int, default=64)
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    config = FULL.model_copy(update={"clips": given.clips})
    (work,) = comparisons(config, torch.device("cpu"), None)  # pyright: ignore[reportArgumentType] (makes no files)
    columns = {}
    for variant in work.variants:
        (part,) = variant.build()
        with kept_memory(variant.keeps_memory):
            part.run()
            columns[variant.name] = shares(part.run)
    print(f"{machine()}\n\n| share of the step's time, {given.clips} clips | {' | '.join(columns)} |")
    print("|---|" + "---|" * len(columns))
    for kind in (*KINDS, REST):
        print(f"| {kind} | " + " | ".join(f"{100 * column[kind]:.0f} %" for column in columns.values()) + " |")
    print("| seconds | " + " | ".join(f"{column['seconds']:.1f}" for column in columns.values()) + " |")


if __name__ == "__main__":
    main()
