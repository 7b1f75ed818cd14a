"""Files of each format made from known coordinates, damage to them, and a slow NTU parser to compare with."""

import io
import itertools
import json
import re
from pathlib import Path

import numpy as np
import scipy.io
from hypothesis import strategies as st

from skelact.data.recording import Item, Reader, ReadError, Recording

# Where each joint of the Kinect v1 layout (hip centre, spine, shoulder centre, head, arms, legs) stands in a UTD file,
# which starts with the head and goes down; typed here, not derived from the names.
UTD_PLACES = [3, 2, 1, 0, *range(4, 20)]


_EXAMPLES = itertools.count()


def points(frames: int, slots: int, joints: int, seed: int = 0) -> np.ndarray:
    """Random float32 joints (frames, slots, joints, 3), some of them tiny, large or whole."""
    rng = np.random.default_rng(seed)
    made = rng.normal(0, 2, (frames, slots, joints, 3))
    made = np.where(rng.random(made.shape) < 0.05, made * 10.0 ** rng.integers(-30, 30, made.shape), made)
    return np.where(rng.random(made.shape) < 0.05, np.round(made), made).astype(np.float32)


def body(frames: int, slots: int, joints: int, seed: int = 0) -> np.ndarray:
    """Random float32 joints (frames, slots, joints, 3) of a person's size, none of them zero."""
    return np.random.default_rng(seed).uniform(0.1, 2, (frames, slots, joints, 3)).astype(np.float32)


def ntu_text(frames: list[list[tuple[int, np.ndarray]]], end: str = "\n") -> bytes:
    """A .skeleton file from the (id, joints (25, 3)) of each body of each frame."""
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for body, joints in bodies:
            lines += [f"{body} 0 1 1 1 1 0 0.0276 -0.05745 2", str(len(joints))]
            lines += [
                " ".join(repr(float(n)) for n in xyz) + " 277.4 191.8 1036 519 -0.2 0.05 0.9 -0.1 2" for xyz in joints
            ]
    return "".join(line + end for line in lines).encode()


def ucla_text(name: str, joints: np.ndarray) -> bytes:
    """A NW-UCLA file from joints (t, 20, 3)."""
    return json.dumps({"file_name": name, "skeletons": joints.astype(float).tolist(), "label": 1}).encode()


def utd_bytes(joints: np.ndarray, compress: bool = False) -> bytes:
    """A UTD-MHAD file from joints (t, 20, 3) in the order of the Kinect v1 layout."""
    stored = np.zeros((20, 3, len(joints)))
    for joint, place in enumerate(UTD_PLACES):
        stored[place] = joints[:, joint].T
    return mat_bytes(stored, compress)


def mat_bytes(value: object, compress: bool = False, key: str = "d_skel") -> bytes:
    file = io.BytesIO()
    scipy.io.savemat(file, {key: value}, do_compression=compress)
    return file.getvalue()


def sbu_text(joints: np.ndarray, first: int = 180, end: str = "\n") -> bytes:
    """An SBU file from joints (t, 2, 15, 3)."""
    lines = [
        ",".join([str(first + frame), *(repr(float(number)) for number in row.ravel())])
        for frame, row in enumerate(joints)
    ]
    return "".join(line + end for line in lines).encode()


def fresh(folder: Path) -> Path:
    """A folder of its own for an example: files that are parsed once are known by their place, size and time."""
    return folder / str(next(_EXAMPLES))


def write(path: Path, data: bytes) -> Item:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Item(path)


def read_ntu_slowly(text: bytes) -> list[list[tuple[str, list[list[float]]]]]:
    """The (id, 25 x [x, y, z]) of each body of each frame, one line after another; anything odd is some exception."""
    lines = iter(text.decode("ascii").rstrip().replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    frames = []
    for _ in range(int(next(lines))):
        bodies = []
        for _ in range(int(next(lines))):
            header = next(lines).split()
            assert len(header) == 10
            joints = []
            for _ in range(int(next(lines))):
                fields = next(lines).split()
                assert len(fields) == 12
                joints.append([float(field) for field in fields[:3]])
            assert len(joints) == 25
            bodies.append((header[0], joints))
        frames.append(bodies)
    assert next(lines, None) is None
    return frames


def side_by_side(frames: list[list[tuple[str, list[list[float]]]]]) -> tuple[np.ndarray, np.ndarray]:
    """Joints and identity that a Recording should hold for what the slow parser gives."""
    width = max(len(bodies) for bodies in frames)
    joints = np.zeros((len(frames), width, 25, 3), np.float32)
    identity = np.full((len(frames), width), -1)
    seen: list[str] = []
    for frame, bodies in enumerate(frames):
        for slot, (body, xyz) in enumerate(bodies):
            seen += [body] if body not in seen else []
            joints[frame, slot] = xyz
            identity[frame, slot] = seen.index(body)
    return joints, identity


@st.composite
def damaged(draw: st.DrawFn, valid: bytes) -> bytes:
    """A file cut off anywhere, or with bytes or words of it replaced, deleted, doubled or added."""
    data = valid
    for _ in range(draw(st.integers(1, 3))):
        spots = st.integers(0, len(data))
        spot, stop = sorted((draw(spots), draw(spots)))
        word = re.compile(rb"[^\s,\[\]:{}]+").search(data, spot)
        words = st.sampled_from(WORDS)
        match draw(st.sampled_from(["cut", "bytes", "add", "drop", "word", "no word", "line", "lines swapped"])):
            case "cut":
                data = data[:spot]
            case "bytes":
                new = draw(st.binary(min_size=1, max_size=4))
                data = data[:spot] + new + data[spot + len(new) :]
            case "add":
                data = data[:spot] + draw(st.binary(min_size=1, max_size=4) | words) + data[spot:]
            case "drop":
                data = data[:spot] + data[min(stop, spot + draw(st.integers(1, 200))) :]
            case "word" if word:
                data = data[: word.start()] + draw(words) + data[word.end() :]
            case "no word" if word:
                data = data[: word.start()] + data[word.end() :]
            case "line" | "lines swapped" as case:
                lines = data.split(b"\n")
                one, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
                lines[one], moved = lines[other], lines[one]
                if case == "lines swapped":
                    lines[other] = moved
                data = b"\n".join(lines)
    return data


WORDS = [
    *(b"nan", b"NaN", b"inf", b"-inf", b"1e999", b"1e39", b"-1", b"0", b"1", b"2", b"24", b"26", b"1000000000"),
    *(b"9" * 30, b"9" * 5000, b"abc", b"1_0", b"0x10", b"1.2.3", b"-", b"", b"null", b"true", b'"1.0"', b"[]", b"{}"),
    *(b"\xff\xfe", b"\0", b" ", b"\n", b"\r", b"\t", b",", b"[" * 3000),
]


def read_or_refuse(reader: Reader, item: Item) -> Recording | None:
    """The recording, whose numbers must be finite and whose parts fit; None for a ReadError that names the file."""
    try:
        recording = reader.read(item)
    except ReadError as error:
        if str(item) not in str(error):
            raise AssertionError(f"a ReadError that does not name the file: {error}") from error
        return None
    assert np.isfinite(recording.joints).all()
    assert recording.joints.dtype == np.float32
    assert recording.joints.shape[2:] == (len(reader.skeleton), 3)
    assert recording.identity.shape == recording.joints.shape[:2]
    assert recording.identity.max() >= 0
    assert not recording.joints[recording.identity == -1].any()
    assert 0 <= recording.action < len(reader.classes)
    return recording
