"""Whether a change of the code changes a number: every small method and every protocol, bit for bit.

    python benchmarks/same_numbers.py build/before --json before.json       # at the commit before
    python benchmarks/same_numbers.py build/after --against before.json     # after it, on the same machine

Synthesizes a store, pretrains each small recipe for 20 steps, runs each protocol once, and hashes what came out: the
tensors of every encoder, and the scores and accuracies of every result. Only the command line is used, so that the
code behind it may look any way. Exits with 1 and names what differs. About five minutes on two cores.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

SMALL_RECIPES = ("skeletonclr-small", "aimclr-small", "crossclr-small", "aimclr-3s-small", "skeattnclr-small")
PROTOCOLS = ("knn", "retrieval", "clustering", "linear", "semi", "finetune", "supervised")
SHORT = {"linear": ["--epochs", "5"]} | {
    name: ["--epochs", "2", "--batch", "32"] for name in ("semi", "finetune", "supervised")
}
"""Options that make a protocol quick."""
NOT_MEASURED = ("recipe", "seconds", "date", "skelact", "machine", "labels")
"""Keys of a result's JSON under which no number was measured on clips."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="new folder to work in")
    parser.add_argument("--json", type=Path, help="write the hashes to this file")
    parser.add_argument("--against", type=Path, help="compare with the hashes of this file")
    options = parser.parse_args()
    found = numbers(options.folder)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if not options.against:
        print(f"{len(found)} hashes")
        return 0
    before = json.loads(options.against.read_text(encoding="utf-8"))
    differing = [name for name in sorted(before.keys() | found.keys()) if before.get(name) != found.get(name)]
    for name in differing:
        print(f"{name}: {before.get(name, 'not there before')} before, {found.get(name, 'not there any more')} after")
    print(f"{len(before)} hashes before, {len(found)} after, {len(differing)} differ")
    return 1 if differing else 0


def numbers(folder: Path) -> dict[str, str]:
    """Run everything in a new folder; a hash for each encoder and each result, by name."""
    store = folder / "people"
    skelact("synthesize", "--out", store, "--clips", "160", "--classes", "5", "--persons", "2")
    found = {}
    for recipe in SMALL_RECIPES:
        run = folder / recipe
        size = ["--epochs", "4", "--batch", "16", "--frames", "16", "--probe-every", "2"]
        skelact("pretrain", recipe, "--store", store, "--split", "xview", "--run", run, "--encoder.width", "4", *size)
        for encoder in sorted(run.glob("*.safetensors")):
            found[f"{recipe}/{encoder.name}"] = _tensors(encoder)
        for protocol in PROTOCOLS if recipe == "aimclr-small" else ("knn",):
            options = ["--store", store, "--split", "xview", "--seeds", "2", *SHORT.get(protocol, [])]
            skelact("evaluate", protocol, run, *options)
        for result in sorted((run / "evaluate").glob("*.json")):
            found[f"{recipe}/{result.stem.split('-')[0]}"] = _result(result)
    return found


def skelact(*words: object) -> None:
    """One command; what it prints is shown only where it fails."""
    command = [sys.executable, "-m", "skelact", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def _tensors(path: Path) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(load_file(path).items()):
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode() + tensor.tobytes())
    return digest.hexdigest()[:16]


def _result(path: Path) -> str:
    """Of the per-clip scores beside a result, and of every number in its JSON that was measured."""
    digest = hashlib.sha256()
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
        for name in sorted(arrays.files):
            if arrays[name].dtype.kind in "fiu":
                digest.update(f"{name} {arrays[name].shape}".encode() + arrays[name].tobytes())
    held = json.loads(path.read_text(encoding="utf-8"))
    measured = sorted(_floats({key: value for key, value in held.items() if key not in NOT_MEASURED}))
    digest.update(json.dumps(measured).encode())  # without their keys, which may be renamed
    return digest.hexdigest()[:16]


def _floats(value: object) -> list[float]:
    if isinstance(value, dict):
        return [number for one in value.values() for number in _floats(one)]
    if isinstance(value, list):
        return [number for one in value for number in _floats(one)]
    return [value] if isinstance(value, float) else []


if __name__ == "__main__":
    sys.exit(main())
