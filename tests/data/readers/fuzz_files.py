"""Valid sources of every format, and damage to their files that a number tells."""

import io
import pickle
import random
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from bvh_files import arm
from reader_files import WORDS, body, ntu_text, sbu_text, ucla_text, utd_bytes


@dataclass(frozen=True)
class Source:
    """Files by their path in a folder; those named in `options` are given by their whole path."""

    files: dict[str, bytes]
    given: str = ""
    """What is given to the reader: a file, or a folder; empty for all of it."""
    options: dict[str, Any] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    """Options that are files or folders."""

    def write(self, folder: Path) -> tuple[Path, dict[str, Any]]:
        """The source written out, and its options."""
        for name, data in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder / self.given, {k: folder / v if k in self.paths else v for k, v in self.options.items()}


def rows(numbers: np.ndarray) -> bytes:
    return "".join(" ".join(repr(float(n)) for n in row) + "\n" for row in numbers).encode()


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def saved(save: Any, *arrays: np.ndarray, **named: Any) -> bytes:
    made = io.BytesIO()
    save(made, *arrays, **named)
    return made.getvalue()


def annotations() -> dict[str, Any]:
    made = []
    for number, name in enumerate(["one", "two", "three"]):
        points = body(3 + number, 2, 17, number).transpose(1, 0, 2, 3)[..., :2]
        score = np.full(points.shape[:3], 0.5, np.float16)
        score[0, 1, 4] = 0
        one = {"frame_dir": name, "label": np.int64(number), "keypoint": points.astype(np.float16)}
        made.append(one | {"total_frames": 3 + number, "keypoint_score": score, "img_shape": (1080, 1920)})
    return {"split": {"xsub_train": ["one", "two"], "xsub_val": ["three"]}, "annotations": made}


def valid() -> dict[str, list[Source]]:
    """Some sources of each format; with a second one of what is written in several ways."""
    person = body(4, 1, 25)[:, 0]
    ntu = ntu_text([[(7, person[frame])] for frame in range(4)])
    ucla = ucla_text("a01_s02_e00_v03", body(3, 1, 20)[:, 0])
    msr = rows(np.column_stack([body(2, 1, 20).reshape(40, 3), np.ones(40)]))
    text = {
        "ntu": {"S001C002P003R002A013.skeleton": ntu},
        "ucla": {"a01_s02_e00_v03.json": ucla},
        "utd": {"a1_s2_t3_skeleton.mat": utd_bytes(body(3, 1, 20)[:, 0])},
        "sbu": {"s02s07/05/003/skeleton_pos.txt": sbu_text(body(2, 2, 15))},
        "msr": {"a12_s03_e02_skeleton3D.txt": msr},
        "florence": {
            "Florence_dataset_WorldCoordinates.txt": rows(
                np.column_stack([[1, 1, 2], [1, 1, 3], [4, 4, 9], body(3, 1, 15).reshape(3, 45)])
            )
        },
        "kard": {"a12_s03_e02_realworld.txt": rows(body(2, 1, 15).reshape(30, 3))},
        "bvh": {"walk.bvh": arm(*rows(body(3, 1, 3).reshape(3, 9)).decode().splitlines())},
    }
    made = {name: [Source(files), Source({"all.zip": zipped(files)}, "all.zip")] for name, files in text.items()}
    made["utd"].append(Source({"a1_s2_t3_skeleton.mat": utd_bytes(body(3, 1, 20)[:, 0], compress=True)}))
    made["bvh"].append(Source(text["bvh"], options={"up": "+z", "pattern": r"/(?P<action>[a-z]+)\.bvh$"}))
    made["pku"] = [
        Source(
            {"skeleton/0002-L.txt": rows(body(6, 2, 25).reshape(6, 150)), "label/0002-L.txt": b"3,0,2,1\n7,2,6,1\n"},
            "skeleton",
            {"labels": "label"},
            ("labels",),
        )
    ]
    frames = np.column_stack([[252, 253, 256], body(3, 1, 20).reshape(3, 60)])
    labels = b"s01_e01 \nwalk: 252 254\nsitDown: 256 260\ncarry: NaN NaN\n"
    made["utkinect"] = [Source({"joints/joints_s01_e01.txt": rows(frames), "actionLabel.txt": labels})]
    made |= array_sources()
    return made


def array_sources() -> dict[str, list[Source]]:
    x = np.stack([body(2, 1, 17, clip) for clip in range(3)])
    told = {"labels": [0, 1, 0], "names": ["a", "b", "c"], "lengths": [2, 1, 2], "subjects": ["p", "q", "p"]}
    told |= {"cameras": [1, 2, 1], "split_own": ["train", "test", ""], "classes": ["up", "down"]}
    own = {"axes": "ntmvc", "skeleton": "coco_17", "third": "depth"}
    each = {f"{name}.npy": saved(np.save, np.array(array)) for name, array in {"x": x, **told}.items()}
    flat, hot = np.stack([body(2, 2, 25, clip) for clip in range(3)]).reshape(3, 2, 150), np.eye(60)[[7, 59, 0]]
    parts = {"x_train": flat[:2], "y_train": hot[:2], "x_test": flat[2:], "y_test": hot[2:]}
    position = saved(np.save, np.stack([body(2, 2, 25, clip) for clip in range(2)]).transpose(0, 4, 1, 3, 2))
    picture = saved(np.save, x.transpose(0, 4, 1, 3, 2) / 2)
    names = ["S001C002P003R002A013.skeleton", "S001C001P001R001A001.skeleton"]
    pairs = [(names, [12, 0]), (np.array(names), np.array([12, 0])), (np.array(names, object), [np.int64(12), 0])]
    return {
        "arrays": [
            Source({"own.npz": saved(np.savez, x=x, **told)}, "own.npz", own),
            Source({"own.npz": saved(np.savez_compressed, x=x, **told)}, "own.npz", own),
            Source(each, options=own),
            Source({"x.npy": saved(np.save, x / 2)}, "x.npy", {"axes": "ntmvc", "skeleton": "coco_17"}),
        ],
        "position": [
            *(
                Source({"val_position.npy": position, "val_label.pkl": pickle.dumps(pair, protocol)})
                for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
                for pair in pairs
            ),
            Source(
                {"train_data.npy": picture, "train_label.pkl": pickle.dumps((["a", "b", "c"], [0, 1, 0]))},
                options={"skeleton": "coco_17"},
            ),
        ],
        "ctrgcn": [
            Source({"NTU60_CS.npz": saved(np.savez, **parts)}, "NTU60_CS.npz"),
            Source({"NTU60_CS.npz": saved(np.savez_compressed, **parts)}, "NTU60_CS.npz"),
        ],
        "pyskl": [
            Source({"a.pkl": pickle.dumps(held, protocol)}, "a.pkl", options)
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
            for held, options in ((annotations(), {}), (annotations()["annotations"], {"third": "score"}))
        ],
    }


NUMBERS = (0, 1, 2, 3, 5, 127, 128, 255, 256, 32767, 65535, 2**20, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1)
MORE_WORDS = (
    *WORDS,
    b"2147483647",
    b"-2147483648",
    b"9223372036854775807",
    b"1e-320",
    b"\x0b",
    b"\x1b[31m",
    b"\xef\xbb\xbf",
)


def mutated(data: bytes, random: random.Random) -> bytes:
    """The bytes with one to four pieces of damage."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        data = _damaged(data, random)
    return data


def _damaged(data: bytes, random: random.Random) -> bytes:
    spot, other = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
    stop = min(other, spot + random.randint(1, 200))
    word = re.compile(rb"[^\s,\[\]:{}]+").search(data, spot)
    match random.choice((0, 1, 2, 2, 2, 3, 4, 5, 5, 5, 6, 6, 6, 7, 7, 8, 9)):
        case 0:
            return data[:spot]
        case 1:
            return data[:spot] + random.randbytes(random.randint(1, 4)) + data[stop:]
        case 2:
            new = random.randbytes(random.randint(1, 4))
            return data[:spot] + new + data[spot + len(new) :]
        case 3:
            return data[:spot] + data[stop:]
        case 4:
            return data[:other] + data[spot:stop] * random.choice((1, 1, 2, 50)) + data[other:]
        case 5 if spot < len(data):  # one bit
            return data[:spot] + bytes([data[spot] ^ 1 << random.randrange(8)]) + data[spot + 1 :]
        case 6:  # a count of a format of bytes
            width = random.choice((1, 2, 4, 8))
            count = random.choice(NUMBERS) % 2 ** (8 * width)
            return data[:spot] + count.to_bytes(width, random.choice(("little", "big"))) + data[spot + width :]
        case 7 if word:  # a number or a word of a format of text
            return data[: word.start()] + random.choice(MORE_WORDS) + data[word.end() :]
        case 8:
            return data[:spot] + random.choice(MORE_WORDS) + data[spot:]
        case _:
            lines = data.split(b"\n")
            one, two = random.randrange(len(lines)), random.randrange(len(lines))
            lines[one] = lines[two]
            return b"\n".join(lines)


def _damaged_within(data: bytes, random: random.Random) -> bytes:
    """An archive in order, one of whose members is damaged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        kind = archive.infolist()[0].compress_type
        files = {member.filename: archive.read(member) for member in archive.infolist()}
    name = random.choice(sorted(files))
    return zipped({**files, name: mutated(files[name], random)}, kind)


def mutation(name: str, sources: list[Source], seed: int) -> Source:
    """A source of a format with one of its files damaged: the same for the same seed."""
    chosen = random.Random(f"{name} {seed}")
    source = chosen.choice(sources)
    file = chosen.choice(sorted(source.files))
    damage = _damaged_within if file.endswith((".zip", ".npz")) and chosen.random() < 0.6 else mutated
    return Source(
        {**source.files, file: damage(source.files[file], chosen)}, source.given, source.options, source.paths
    )
