"""Checkpoints made by hand to do harm, each with the hash that belongs to it. As a program, reads files within limits.

python forged.py FILE...
"""

import io
import json
import pickle
import struct
import sys
import time
import zipfile
from pathlib import Path

import torch

from skelact.system.world import SkelactError
from skelact.train import checkpoint


def short(text: str) -> bytes:
    return pickle.SHORT_BINUNICODE + bytes([len(text)]) + text.encode()


def name(module: str, of: str) -> bytes:
    return f"c{module}\n{of}\n".encode()


def entry(value: bytes) -> bytes:
    """The pickle of a checkpoint with one more value, whose operations are given."""
    return b"\x80\x02}(" + short("format") + b"K\x01" + short("held") + value + b"u."


def tensor(count: int, shape: bytes, stride: bytes, storage: bytes = b"FloatStorage", offset: int = 0) -> bytes:
    number = b"J" + struct.pack("<i", count)
    place = b"(" + short("storage") + name("torch", storage.decode()) + short("0") + short("cpu") + number + b"tQ"
    rest = b"K%c" % offset + shape + stride + b"\x89" + name("collections", "OrderedDict") + b")R"
    return name("torch._utils", "_rebuild_tensor_v2") + b"(" + place + rest + b"tR"


def sealed(operations: bytes, storage: bytes = bytes(16), packed: int = zipfile.ZIP_STORED) -> bytes:
    """A checkpoint of these operations and one storage, with its hash."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("last/data.pkl", operations, packed if not storage else zipfile.ZIP_STORED)
        archive.writestr("last/byteorder", b"little")
        archive.writestr("last/data/0", storage, packed)
    checkpoint.seal(made)
    return made.getvalue()


def doubled(times: int, first: bytes = b"]", many: bytes = b"(%bt") -> bytes:
    """A list of twice a list of twice ... a list."""
    made = first + b"q\x00"
    for number in range(times):
        made += b"0" + many % (b"h%c" % number * 2) + b"q%c" % (number + 1)
    return made


def ordered(attributes: bytes) -> bytes:
    return name("collections", "OrderedDict") + b")R" + attributes + b"b"


FORGED = {
    "a deep tuple as a key": (entry(b"}" + b")" + b"\x85" * 300_000 + b"K\x01s"), "keys, found a tuple"),
    "a tuple of tuples of doubled tuples as a key": (entry(b"}" + doubled(60, b")") + b"K\x01s"), "found a tuple"),
    "a deep tuple": (entry(b")" + b"\x85" * 300_000), "at most 32 containers within each other"),
    "a deep list": (entry(b"]" * 150_000 + b"a" * 149_999), "at most 32 containers within each other"),
    "lists doubled": (entry(doubled(30)), "at most 1048576 values, found more"),
    "lists doubled deep": (entry(doubled(60)), "containers within each other|values, found more"),
    "a list in itself": (entry(b"]q\x01h\x01a"), "found one within itself"),
    "millions of values": (entry(b"](" + b"K\x07" * 7_000_000 + b"e"), "values"),
    "millions of lists": (entry(b"](" + b"]" * 3_000_000 + b"e"), "values|found many times its size"),
    "millions of ordered dicts": (
        entry(b"](" + name("collections", "OrderedDict") + b"q\x00)R" + b"h\x00)R" * 1_000_000 + b"e"), "many times"),
    "millions of tensors": (
        entry(b"](" + tensor(4, b"K\x02\x85", b"K\x01\x85").replace(b"tR", b"tq\x01R") + b"0"
              + (name("torch._utils", "_rebuild_tensor_v2") + b"h\x01R") * 200_000 + b"e"), "many times its size"),
    "a storage beyond the file": (entry(tensor(2**31 - 1, b"K\x02\x85", b"K\x01\x85")), "in a file of"),
    "a storage of another size": (entry(tensor(3, b"K\x02\x85", b"K\x01\x85")), "expected 12 bytes, found 16"),
    "a tensor beyond its storage": (entry(tensor(4, b"K\x05\x85", b"K\x01\x85")), "in a storage of 4 numbers"),
    "a tensor from beyond its storage": (entry(tensor(4, b"K\x02\x85", b"K\x01\x85", offset=3)), "of 4 numbers"),
    "a shape of lists": (entry(tensor(4, b"]", b"K\x01\x85")), "a tensor without a valid shape"),
    "a storage of objects": (entry(tensor(4, b"K\x02\x85", b"K\x01\x85", b"ObjectStorage")), "expected storage"),
    "a function": (entry(name("posix", "system") + short("true") + b"\x85R"), "posix.system is not opened"),
    "a function of PyTorch": (entry(name("torch", "load") + short("a") + b"\x85R"), "call of torch.load is not opened"),
    "a name as a value": (entry(name("torch", "load")), "torch.load is not opened"),
    "an object": (entry(name("torch.nn", "Module") + b")\x81"), "made as an object is not opened"),
    "bytes": (entry(b"C\x01a"), "a bytes of 1 is not opened"),
    "a long text": (entry(b"X" + struct.pack("<I", 2**17) + b"a" * 2**17), "LongText is not opened"),
    "a whole number without end": (entry(b"\x8b" + struct.pack("<i", 10**6) + b"\x01" * 10**6), "up to 10 bytes"),
    "an ordered dict with a method": (entry(ordered(b"}" + short("items") + b"K\x01s")), "attributes of a"),
    "a method of PyTorch's as a number": (entry(b"K\x01}b"), "attributes of 1"),
    "cut off": (entry(b"]")[:-1], "the end"),
    "nothing": (b"", "the end"),
}  # fmt: skip


def write_all(folder: Path) -> dict[Path, str]:
    """The files, each with what is said of it."""
    files = {folder / f"{number}.pt": (sealed(data), why) for number, (data, why) in enumerate(FORGED.values())}
    unpacked = entry(tensor(50 * 2**20, b"K\x02\x85", b"K\x01\x85"))
    files[folder / "packed.pt"] = (
        sealed(unpacked, bytes(200 * 2**20), zipfile.ZIP_DEFLATED),
        "in a file of|not compressed",
    )
    files[folder / "pickle.pt"] = sealed(entry(b"N" * 2**27 + b"]"), b"", zipfile.ZIP_DEFLATED), "not compressed"
    for path, (data, _) in files.items():
        path.write_bytes(data)
    return {path: why for path, (_, why) in files.items()}


def memory(kind: str) -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(kind + ":"))
    return int(line.split()[1]) * 1024


def main() -> None:
    good = Path(sys.argv[1])
    checkpoint.save(good, {"w": torch.ones(3)})
    checkpoint.load(good)
    for path in map(Path, sys.argv[2:]):
        before, start = memory("VmRSS"), time.perf_counter()
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
        try:
            checkpoint.load(path)
            said = "read"
        except SkelactError as error:
            said = str(error)
        seconds = time.perf_counter() - start
        over = memory("VmHWM") - before - 2 * path.stat().st_size
        print(json.dumps({"said": said, "seconds": seconds, "over": over}), flush=True)


if __name__ == "__main__":
    main()
