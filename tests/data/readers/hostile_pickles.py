"""Pickles made by hand to run code, to end the process, or to take its memory or its time; all of them are refused.

Operations are written as bytes: what `pickle.dumps` writes for real values is in the tests of the readers.
"""

import pickle
import struct
from typing import Any

import numpy as np

RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntC\x01btR"
"""An array whose state is still to come."""


def text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def data(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def kind(name: str, order: str = "<", fields: bytes = b"NNN", size: int = -1) -> bytes:
    return b"cnumpy\ndtype\n(" + text(name) + b"I0\nI1\ntR(I3\n" + text(order) + fields + b"I%d\nI-1\nI0\ntb" % size


def array(shape: bytes, dtype: bytes, content: bytes) -> bytes:
    """An array of numpy's usual pickle, whose parts are operations."""
    return RECONSTRUCT + b"(I1\n" + shape + dtype + b"I00\n" + content + b"tb"


def shape(*lengths: int) -> bytes:
    return b"(" + b"".join(b"L%dL\n" % length for length in lengths) + b"t"


def annotation(**parts: bytes) -> bytes:
    """A list of one annotation, whose parts are operations."""
    parts = {"frame_dir": text("a"), "label": b"I0\n", "keypoint": POINTS} | parts
    return b"](d" + b"".join(text(key) + value + b"s" for key, value in parts.items()) + b"a."


CLIP = {"frame_dir": "a", "label": 0, "keypoint": np.ones((1, 2, 17, 2), np.float32)}
POINTS = array(shape(1, 2, 17, 2), kind("f4"), data(bytes(np.ones(68, "<f4"))))
NAMES = [
    "posix.system",
    "nt.system",
    "os.system",
    "subprocess.Popen",
    "builtins.eval",
    "builtins.exec",
    "builtins.getattr",
    "builtins.__import__",
    "builtins.open",
    "builtins.compile",
    "builtins.globals",
    "__builtin__.eval",
    "__builtin__.apply",
    "copyreg._reconstructor",
    "copy_reg._reconstructor",
    "copyreg.__newobj__",
    "functools.partial",
    "operator.methodcaller",
    "operator.attrgetter",
    "importlib.import_module",
    "ctypes.CDLL",
    "ctypes.string_at",
    "types.CodeType",
    "types.FunctionType",
    "pathlib.PosixPath",
    "collections.defaultdict",
    "collections.deque",
    "pickle.loads",
    "_pickle.loads",
    "torch.load",
    "torch._utils._rebuild_tensor_v2",
    "numpy.load",
    "numpy.fromfile",
    "numpy.memmap",
    "numpy.matrix",
    "numpy.frombuffer",
    "numpy.core.multiarray.fromfile",
    "numpy.core.multiarray.frombuffer",
    "numpy._core.multiarray._vec_string",
    "numpy.ma.core._mareconstruct",
    "numpy.f2py.diagnose.run_command",
    "numpy.core._exceptions._unpickle_ufunc_exception",
    "numpy.testing._private.utils.runstring",
    "numpy.core._internal._ctypes",
    "scipy.sparse._csr.csr_matrix",
    "datetime.datetime",
    "decimal.Decimal",
    "uuid.UUID",
]


def _names() -> dict[str, bytes]:
    made = {}
    for name in NAMES:
        module, _, last = name.rpartition(".")
        made[f"{name} called"] = f"c{module}\n{last}\n".encode() + b"(" + text("true") + b"tR."
        made[f"{name} from the stack"] = b"\x80\x04" + text(module) + text(last) + b"\x93."
        made[f"{name} as an object"] = b"(" + text("true") + f"i{module}\n{last}\n.".encode()
    return made | {
        "a dotted name": b"\x80\x04" + text("numpy") + text("core.multiarray.fromfile") + b"\x93.",
        "a name of no texts": b"\x80\x04]]\x93.",
        "a name with escapes": b"c\x1b[31m\n\x1b]0;gone\x07\n.",
        "a name of half a letter": b"\x80\x04" + text("\ud800") + text("\udfff") + b"\x93.",
        "a name of a million letters": b"\x80\x04" + text("a" * 2**20) + text("b" * 2**20) + b"\x93.",
        "a line of a million letters": b"c" + b"a" * 2**20 + b"\nb\n.",
        "zlib by codecs": b"c_codecs\nencode\n(S'a'\nS'zlib'\ntR.",
        "rot13 by codecs": b"c_codecs\nencode\n(" + text("a") + text("rot13") + b"tR.",
        "codecs without text": b"c_codecs\nencode\n(I1\ntR.",
        "a call of a list": b"](tR.",
        "a call without arguments": b"cnumpy\ndtype\nNR.",
        "a known name by itself as clips": b"cnumpy\ndtype\n.",
        "a known object": b"\x80\x02cnumpy\nndarray\n)\x81.",
        "a known object with keywords": b"\x80\x04cnumpy\nndarray\n)}\x92.",
        "an object of the oldest kind": b"(cnumpy\nndarray\nI1\no.",
        "attributes of a dict": b"}}b.",
        "attributes of a name": b"cnumpy\nndarray\n}b.",
        "outside by a line": b"Pouter\n.",
        "outside by a value": b"N\x51.",
        "a buffer outside": b"\x80\x05\x97.",
        "a buffer to be locked": b"\x80\x05\x97\x98.",
        "extension 1": b"\x82\x01.",
        "extension 2": b"\x83\x01\x00.",
        "extension 4": b"\x84\x01\x00\x00\x00.",
    }


def _arrays() -> dict[str, bytes]:
    pointer, f8 = data(struct.pack("<Q", 0x4141414141414141)), kind("f8")
    states = {
        "a pointer as bytes": array(shape(1), kind("O8", "|"), pointer),
        "a pointer in no list": array(shape(1), kind("O8", "|"), b"(" + pointer + b"t"),
        "more objects than there are": array(shape(5), kind("O8", "|"), b"(Nl"),
        "objects in no list": array(shape(1), kind("O8", "|"), b"N"),
        "fewer objects than there are": array(shape(2), kind("O8", "|"), b"(NNNl"),
        "objects along no axis": array(shape(), kind("O8", "|"), b"(Nl"),
        "objects along two axes": array(shape(1, 1), kind("O8", "|"), b"(Nl"),
        "30 GB of nothing": array(shape(2**32), f8, data(b"")),
        "more numbers than a machine counts": array(shape(2**62, 2**62, 2**62), f8, data(b"")),
        "a length below nothing": array(shape(-1), f8, data(bytes(8))),
        "two lengths below nothing": array(shape(-1, -1), f8, data(bytes(8))),
        "a length of no number": array(b"(Nt", f8, data(bytes(8))),
        "a length of true": array(b"(I01\nt", f8, data(bytes(8))),
        "a length of a real": array(b"(F1\nt", f8, data(bytes(8))),
        "a list of lengths": array(b"(I1\nl", f8, data(bytes(8))),
        "a hundred axes": array(shape(*[1] * 100), f8, data(bytes(8))),
        "an empty axis and an endless one": array(shape(0, 2**62), f8, data(b"")),
        "an endless axis and an empty one": array(shape(2**40, 0), f8, data(b"")),
        "a byte short": array(shape(1), f8, data(bytes(7))),
        "a byte more": array(shape(1), f8, data(bytes(9))),
        "bytes of no kind": array(shape(1), f8, b"N"),
        "no kind": array(shape(1), b"N", data(bytes(8))),
        "a text as kind": array(shape(1), text("f8"), data(bytes(8))),
        "letters beyond latin": array(shape(1), f8, text("\u1234" * 8)),
        "an array as its own state": RECONSTRUCT + b"q\x01h\x01b.",
        "an array within itself": RECONSTRUCT + b"q\x01(I1\n" + shape(1) + kind("O8", "|") + b"I00\n(h\x01ltb",
        "a state that is no tuple": RECONSTRUCT + b"]b",
        "a state of one part": RECONSTRUCT + b"(I1\ntb",
        "a state of a hundred parts": RECONSTRUCT + b"(" + b"I1\n" * 100 + b"tb",
        "no state": RECONSTRUCT,
        "two states": array(shape(1), f8, data(bytes(8))) + b"(I1\nI1\ntb",
        "an array of another kind of array": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\n(I0\ntC\x01btR",
        "an array of nothing": b"cnumpy.core.multiarray\n_reconstruct\n(tR",
        "an array by itself": b"cnumpy\nndarray\n(" + shape(1) + kind("O8", "|") + pointer + b"tR",
        "an array by itself, huge": b"cnumpy\nndarray\n(I1000000000000000\ntR",
        "a buffer of objects": b"cnumpy.core.numeric\n_frombuffer\n(" + pointer + kind("O8") + shape(1) + b"S'C'\ntR",
        "a buffer of no bytes": b"cnumpy._core.numeric\n_frombuffer\n(N" + f8 + shape(1) + b"S'C'\ntR",
        "a buffer in no order": b"cnumpy._core.numeric\n_frombuffer\n(C\x08" + bytes(8) + f8 + shape(1) + b"S'Z'\ntR",
        "a buffer of other axes": b"cnumpy._core.numeric\n_frombuffer\n(C\x08"
        + bytes(8)
        + f8
        + shape(1, 1)
        + b"S'K'\n(I7\nI7\nttR",
        "a buffer without axes": b"cnumpy._core.numeric\n_frombuffer\n(C\x08" + bytes(8) + f8 + shape(1) + b"S'K'\nNtR",
        "an object as number": b"cnumpy.core.multiarray\nscalar\n(" + kind("O8", "|") + pointer + b"tR",
        "a list as number": b"cnumpy.core.multiarray\nscalar\n(" + kind("O8", "|") + b"(NltR",
        "a number of too few bytes": b"cnumpy.core.multiarray\nscalar\n(" + f8 + data(bytes(7)) + b"tR",
        "a number of nothing": b"cnumpy.core.multiarray\nscalar\n(tR",
    }
    kinds = {
        "several fields": kind("V8", "|", b"N(" + text("a") + text("b") + b"t}"),
        "fields of numbers": kind("f8", "<", b"N(" + text("a") + b"t}"),
        "a kind within itself": b"cnumpy\ndtype\n("
        + text("f8")
        + b"tRq\x05(I3\n"
        + text("<")
        + b"h\x05NNI-1\nI-1\nI0\ntb",
        "a size of its own": kind("f8", "<", b"NNN", 2**30),
        "an order of its own": kind("f8", "Z"),
        "an order that is no text": b"cnumpy\ndtype\n(" + text("f8") + b"tR(I3\n]NNNI-1\nI-1\nI0\ntb",
        "a state of two parts": b"cnumpy\ndtype\n(" + text("f8") + b"tR(I3\nNtb",
        "a text of 4 GB": b"cnumpy\ndtype\n(" + text("U999999999") + b"tR",
        "a list of kinds": b"cnumpy\ndtype\n((" + text("f8") + b"ltR",
        "dates": kind("M8[ns]"),
        "a block of a billion": b"cnumpy\ndtype\n(" + text("(1000000000,)f8") + b"tR",
        "a name of a type": b"cnumpy\ndtype\n(" + text("numpy.object_") + b"tR",
        "no name": b"cnumpy\ndtype\n(tR",
    }
    made = {name: operations.removesuffix(b".") + b"." for name, operations in states.items()}
    return made | {
        f"a kind of {name}": array(shape(1), operations, data(bytes(8))) + b"." for name, operations in kinds.items()
    }


def twice_as_many(times: int) -> bytes:
    """A list of twice the same list of twice the same list ..."""
    return b"]" + b"q\x01(h\x01h\x01l" * times


def _greedy() -> dict[str, bytes]:
    """Which take memory or time out of proportion, where they are believed."""
    words = b"".join(b"L%dL\nN" % (number * (2**61 - 1)) for number in range(8))
    megabyte = data(bytes(2**20)) + b"q\x07"
    again = array(shape(1, 2**14, 16, 2), kind("f2"), b"h\x07")
    as_bytes = b"c_codecs\nencode\n(h\x01S'latin1'\ntR"
    sharing = b"".join(
        b"(d" + text("frame_dir") + text(str(number)) + b"s" + text("keypoint") + again + b"s" for number in range(5000)
    )
    split = {f"{number}_train": [] for number in range(10_000)}
    return {
        "a place of the memo at 2**32": b"Nr\xff\xff\xff\xff.",
        "a place of the memo of 18 digits": b"Np999999999999999999\n.",
        "a place of the memo of 5000 digits": b"Np" + b"9" * 5000 + b"\n.",
        "a text of 2**63 bytes": b"\x80\x04\x8d" + b"\xff" * 8 + b".",
        "bytes of 4 GB": b"\x80\x03B\xff\xff\xff\xff.",
        "bytes of 2**64": b"\x80\x04\x8e" + b"\xff" * 8 + b".",
        "an array of bytes of 2**62": b"\x80\x05\x96" + b"\xff" * 7 + b"\x3f.",
        "a string of -1 bytes": b"T\xff\xff\xff\xff.",
        "a frame of 2**64": b"\x80\x04\x95" + b"\xff" * 8 + b"K\x01.",
        "a number of -1 bytes": b"\x8b\xff\xff\xff\xff.",
        "a number of 255 bytes": b"\x8a\xff" + b"\x7f" * 255 + b".",
        "a number of a megabyte": b"\x8b\x00\x00\x10\x00" + b"\x7f" * 2**20 + b".",
        "5000 digits": b"I" + b"9" * 5000 + b"\n.",
        "a million digits": b"L" + b"9" * 10**6 + b"L\n.",
        "a real of a million digits": b"F" + b"9" * 10**6 + b"\n.",
        "lists within each other": b"]" * 200_000 + b"a" * 199_999 + b".",
        "tuples within each other": b")" + b"\x85" * 200_000 + b".",
        "a tuple too deep to be a key": b"})" + b"\x85" * 200_000 + b"Ns.",
        "a million marks": b"(" * 10**6 + b".",
        "a value two million times": b"N" + b"2" * (2 * 10**6) + b".",
        "a million dicts": b"(" + b"}" * 10**6 + b"l.",
        "a value kept again and again": b"N" + b"\x94" * 200_000 + b".",
        "values kept far apart": b"N" + b"".join(b"r" + struct.pack("<I", 2**31 + n) for n in range(500_000)) + b".",
        "lists of lists of lists": twice_as_many(40) + b".",
        "labels of lists of lists": b"((" + text("a") + text("b") + b"l(" + twice_as_many(40) + b"h\x01lt.",
        "a set of tuples of tuples": b"\x80\x04\x8f(N" + b"q\x01(h\x01h\x01t" * 40 + b"\x90.",
        "a key of tuples of tuples": b"}N" + b"q\x01(h\x01h\x01t" * 40 + b"Ns.",
        "keys that all fall into one place": b"}(" + words + b"u.",
        "texts of letters of four bytes": b"(" + text("a" * 60_000 + "\U0001f600") * 300 + b"l.",
        "a line of letters of four bytes": b"(V" + b"a" * 2**22 + rb"\U0001f600" + b"\nl.",
        "bytes made again and again": b"(" + text("a" * 60_000) + b"q\x01" + as_bytes * 10_000 + b"l.",
        "a long text made bytes again and again": b"(" + text("a" * 2**20) + b"q\x01" + as_bytes * 1000 + b"l.",
        "an array made again and again": b"(" + megabyte + again * 2000 + b"l.",
        "clips that share their numbers": b"(" + megabyte + b"0" + sharing + b"l.",
        "the same clip again and again": b"(" + annotation()[1:-2] + b"q\x01" + b"h\x01" * 200_000 + b"l.",
        "thousands of divisions": pickle.dumps({"split": split, "annotations": [CLIP]}, 2),
    }


def _broken() -> dict[str, bytes]:
    return {
        "nothing": b"",
        "an end at once": b".",
        "no end": b"N",
        "protocol 200": b"\x80\xc8N.",
        "no operation": b"\xff.",
        "bytes of zero": bytes(100),
        "a list added to nothing": b"(Ne.",
        "a value added to a number": b"I1\nNa.",
        "a pair added to a list": b"]NNs.",
        "a key without value": b"}(Nu.",
        "a key of a list": b"}]Ns.",
        "a member of a list": b"\x80\x04]\x90.",
        "a set of lists": b"cbuiltins\nset\n((]ltR.",
        "a set of a number": b"cbuiltins\nset\n(I1\ntR.",
        "a dict of no pairs": b"ccollections\nOrderedDict\n((I1\nltR.",
        "a value taken from nothing": b"0.",
        "a mark taken from nothing": b"1.",
        "a pair of nothing": b"\x86.",
        "a value kept of nothing": b"\x94.",
        "a value that was not kept": b"h\x07.",
        "a value below nothing": b"g-1\n.",
        "a text without quotes": b"Sabc\n.",
        "a text of one quote": b"S'\n.",
        "a text with wrong escapes": b"S'\\x4'\n.",
        "a text that is no UTF-8": b"X\x01\x00\x00\x00\xff.",
        "a number of letters": b"Iabc\n.",
        "a number with lines under it": b"I1_0\n.",
        "a real of letters": b"Fabc\n.",
        "a list that holds itself": b"]q\x01h\x01a.",
        "a dict that holds itself": b"}q\x01" + text("annotations") + b"h\x01s.",
        "annotations that hold themselves": b"}" + text("annotations") + b"]q\x01h\x01as.",
        "a file of an archive": b"PK\x03\x04" + bytes(26),
        "a page": b"<!DOCTYPE html>\n<html></html>\n",
    }


def _annotations() -> dict[str, bytes]:
    """Whose operations are in order, while what they make is no list of clips."""

    def dumped(**parts: Any) -> bytes:
        return pickle.dumps({"annotations": [CLIP | parts]}, 4)

    scalar = b"cnumpy.core.multiarray\nscalar\n("
    letter = scalar + kind("U1", "<", b"NNN", 4) + data(b"\xff\xff\xff\x7f") + b"tR"
    numbers = {
        "a label near 2**31": dumped(label=2**31 - 1),
        "a label of 2**63": annotation(label=b"L%dL\n" % 2**63),
        "a label below -1": dumped(label=-2),
        "a label of a real": dumped(label=1.5),
        "a label of a list": dumped(label=[0]),
        "a name of escapes": dumped(frame_dir="\x1b[31mred"),
        "a name of half a letter": annotation(frame_dir=text("\ud800")),
        "a name of no text": dumped(frame_dir=7),
        "a name of an array": dumped(frame_dir=np.array(["a"])),
        "no clip": pickle.dumps({"annotations": []}),
        "clips by name": pickle.dumps({"annotations": {"a": 1}}),
        "clips of numbers": pickle.dumps({"annotations": [1, 2]}),
        "frames that are not there": dumped(total_frames=10**9),
        "frames of an array": dumped(total_frames=np.arange(2)),
        "places of text": dumped(keypoint=np.full((1, 2, 17, 2), "1")),
        "places of nobody": dumped(keypoint=np.zeros((0, 2**19, 17, 2), np.float32)),
        "places of no joint": dumped(keypoint=np.zeros((1, 5, 0, 2), np.float32)),
        "places in a list": dumped(keypoint=[[[[1.0, 2.0]]]]),
        "places that are not finite": dumped(keypoint=np.full((1, 2, 17, 2), np.nan)),
        "scores of another shape": dumped(keypoint_score=np.ones((1, 2, 16))),
        "scores of text": dumped(keypoint_score=np.full((1, 2, 17), "1")),
        "scores that are not finite": dumped(keypoint_score=np.full((1, 2, 17), np.nan)),
        "a letter beyond all letters": annotation(frame_dir=letter),
    }
    splits: dict[str, Any] = {
        "a split of a list": [1],
        "a split of a number": {"xsub_train": 7},
        "a split of clips that are not there": {"xsub_train": ["b"]},
        "a split of lists": {"xsub_train": [["a"]]},
    }
    return numbers | {name: pickle.dumps({"split": split, "annotations": [CLIP]}) for name, split in splits.items()}


GREEDY = _greedy()
HOSTILE: dict[str, bytes] = _names() | _arrays() | _broken() | _annotations() | GREEDY
"""Operations by what is wrong with them."""
