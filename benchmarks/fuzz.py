"""Reads damaged files of every format in child processes with limits, and says what came of it.

    python benchmarks/fuzz.py [--mutations 10000] [--formats pyskl bvh ...] [--seed 0] [--json FILE]

As many files as told, of all formats in turn, each with one to four pieces of damage that its number decides; then the
pickles that were made by hand to do harm. Exit status 1 if one ended its process, ran for a minute, raised anything but
a refusal that names the file, or took more memory than twice its size and 64 MB. tests/data/readers/fuzzing.py counts.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/data/readers"))

from fuzzing import FORMATS, HOSTILE_FORMATS, run, table, tasks_of
from hostile_pickles import HOSTILE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--seed", type=int, default=0, help="number of the first mutation")
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    tasks = tasks_of(told.formats, told.mutations, told.seed)
    made = [f"{name} hostile {number}" for name in HOSTILE_FORMATS for number in range(len(HOSTILE))]
    found = run(tasks) | {f"{name}, made by hand": one for name, one in run(made).items() if name in told.formats}
    print(table(found))
    for one in found.values():
        print(*one.troubles, sep="\n", end="\n" if one.troubles else "")
    if told.json:
        told.json.write_text(json.dumps({name: asdict(one) for name, one in found.items()}, indent=1) + "\n")
    sys.exit(0 if all(one.clean for one in found.values()) else 1)


if __name__ == "__main__":
    main()
