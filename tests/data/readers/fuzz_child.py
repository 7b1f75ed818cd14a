"""Reads damaged sources as `skelact prepare` does, within limits, and writes a line of JSON before and after each.

    python fuzz_child.py FOLDER < tasks

A task is a line `FORMAT SEED` or `FORMAT hostile NUMBER`.
"""

import json
import resource
import shutil
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np
from fuzz_files import Source, mutation, valid

from skelact.data.parallel import parse
from skelact.data.readers import reader
from skelact.system.world import SkelactError

MORE_ADDRESSES = 2**30
"""Bytes of addresses that the child may take beyond those it has; what it really takes is measured by each task."""


def memory(kind: str) -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(kind + ":"))
    return int(line.split()[1]) * 1024


def source_of(sources: dict[str, list[Source]], name: str, *words: str) -> Source:
    if words[0] != "hostile":
        return mutation(name, sources[name], int(words[0]))
    from hostile_pickles import HOSTILE  # only here, as they are large

    data = list(HOSTILE.values())[int(words[1])]
    if name == "pyskl":
        return Source({"a.pkl": data}, "a.pkl")
    x = next(data for file, data in sources["position"][0].files.items() if file.endswith(".npy"))
    return Source({"val_position.npy": x, "val_label.pkl": data})


def outcome(name: str, folder: Path, source: Source) -> str:
    """`read`, `refused: why`, or what must not be: `fault: what`."""
    path, options = source.write(folder)
    refusals, clips = [], 0
    try:
        made = (
            reader(name, path, **options)
            if name in ("bvh", "arrays", "position", "ctrgcn", "pyskl")
            else reader(name, **options)
        )
        for parsed in parse(made, made.find(path), jobs=1):
            if parsed.recording is None:
                refusals.append(parsed.error)
                continue
            clips += 1
            if not np.isfinite(parsed.recording.joints).all():
                return "fault: numbers that are not finite"
    except SkelactError as error:
        refusals.append(str(error))
    except BaseException as error:
        return f"fault: {type(error).__name__}: {str(error)[:200]}"
    for text in refusals:
        if any(unicodedata.category(letter) in ("Cc", "Cs") and letter != "\n" for letter in text):
            return f"fault: a message that does not print: {text[:200]!r}"
        if str(folder) not in text:
            return f"fault: a message that names no file: {text[:200]!r}"
    return f"refused: {refusals[0][:300]}" if refusals else "read"


def main() -> None:
    folder, sources = Path(sys.argv[1]), valid()
    for name, all_of in sources.items():  # imports, compiled code and caches are there before memory is measured
        for number, source in enumerate(all_of):
            found = outcome(name, folder / f"{name}-{number}", source)
            if found != "read":
                raise SystemExit(f"a valid source of {name}: {found}")
    resource.setrlimit(resource.RLIMIT_AS, (memory("VmSize") + MORE_ADDRESSES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps({"ready": True}), flush=True)
    for number, task in enumerate(sys.stdin):
        print(json.dumps({"task": task.strip()}), flush=True)
        name, *words = task.split()
        source = source_of(sources, name, *words)
        before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
        start = time.perf_counter()
        found = outcome(name, folder / f"task-{number}", source)
        seconds, size = time.perf_counter() - start, sum(map(len, source.files.values()))
        told = {"outcome": found, "seconds": seconds, "peak": memory("VmHWM") - before, "size": size}
        print(json.dumps(told), flush=True)
        shutil.rmtree(folder / f"task-{number}", ignore_errors=True)


if __name__ == "__main__":
    main()
