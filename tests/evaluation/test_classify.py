"""Naming clips, and features of a store in a file."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from skelact.data.preparations import prepare_clip
from skelact.data.recording import Item, ReadError, Recording
from skelact.encoders.file import LoadedEncoder
from skelact.evaluation.classify import classify, embed
from skelact.layouts import KINECT_V1, KINECT_V2
from skelact.skeleton import Skeleton
from skelact.system.terminal import say
from skelact.system.world import SkelactError

FRAMES = 8
CLASSES = ("wave", "bow", "jump", "never seen")


@dataclass(frozen=True)
class Made:
    """A reader of clips that are there already."""

    clips: tuple[Recording, ...]
    skeleton: Skeleton = KINECT_V1
    name: str = "made"
    classes: tuple[str, ...] = CLASSES
    units: str = "m"
    frame_rate: float = 30.0

    def find(self, source: Path) -> list[Item]:
        return [Item(source, str(number)) for number in range(len(self.clips))]

    def read(self, item: Item) -> Recording:
        return self.clips[int(item.member)]


@pytest.fixture
def named(encoder) -> LoadedEncoder:
    """The encoder with a head."""
    head = torch.nn.Linear(8, 4)
    with torch.no_grad():
        head.weight.copy_(100 * torch.randn(4, 8, generator=torch.Generator().manual_seed(0)))
    return LoadedEncoder(encoder.network, encoder.card.model_copy(update={"classes": CLASSES}), head)


def test_probabilities_are_those_of_the_head_on_the_prepared_clip(named, recordings):
    clips = tuple(recordings()[:3])
    found = list(classify(named, Made(clips), Path(), top=4))
    assert [line["name"] for line in found] == ["clip00", "clip01", "clip02"]
    for line, clip in zip(found, clips, strict=True):
        x = torch.from_numpy(prepare_clip(clip, KINECT_V1, "released", FRAMES, 1))[None]
        logits = (named.head.weight @ named.network(x)[0] + named.head.bias).double()
        p = (logits.exp() / logits.exp().sum()).tolist()
        order = sorted(range(4), key=lambda place, p=p: -p[place])
        assert [each["class"] for each in line["top"]] == order
        assert [each["label"] for each in line["top"]] == [CLASSES[place] for place in order]
        assert [each["p"] for each in line["top"]] == pytest.approx([p[place] for place in order], rel=1e-4)


def test_a_line_is_json_as_promised(named, recordings):
    (line,) = classify(named, Made((recordings()[0],)), Path(), top=1)
    read = json.loads(json.dumps(line))
    assert read.keys() == {"name", "top"}
    assert [each.keys() for each in read["top"]] == [{"class", "label", "p"}]


def test_clips_of_another_layout_are_mapped_by_joint_name(named):
    joints = np.random.default_rng(0).normal(size=(9, 1, 25, 3)).astype(np.float32)
    clip = Recording("v2", joints, np.zeros((9, 1), np.int64))
    (found,) = classify(named, Made((clip,), KINECT_V2), Path(), top=4)
    order = [KINECT_V2.joints.index(joint) for joint in KINECT_V1.joints]
    x = prepare_clip(clip, KINECT_V2, "released", FRAMES, 1)[:, :, order]
    p = named.head(named.network(torch.from_numpy(x)[None])).softmax(1)[0]
    assert [each["p"] for each in found["top"]] == pytest.approx(p.sort(descending=True).values.tolist(), rel=1e-4)


def test_clips_come_one_by_one_so_that_a_bad_one_stops_only_what_follows(named, recordings):
    class Breaking(Made):
        def read(self, item):
            if item.member == "1":
                raise ReadError("1: cut short")
            return super().read(item)

    lines = classify(named, Breaking(tuple(recordings()[:2])), Path(), top=1)
    assert next(lines)["name"] == "clip00"
    with pytest.raises(ReadError, match="cut short"):
        next(lines)


def test_an_encoder_without_head_is_refused_at_once_with_what_to_do(encoder):
    with pytest.raises(SkelactError, match=r"no classifier head.*embed"):
        classify(encoder, Made(()), Path())


@pytest.mark.parametrize("top", [0, 5])
def test_top_outside_the_classes_is_refused_with_both_numbers(named, top):
    with pytest.raises(SkelactError, match=f"between 1 and the 4 classes of the encoder, got {top}"):
        classify(named, Made(()), Path(), top=top)


def test_embed_writes_features_names_and_labels_of_every_clip(encoder, store, tmp_path):
    out = tmp_path / "deeper" / "a name without ending"
    embed(encoder, store, out, progress=False)
    kept = np.load(out)
    expected = encoder.network(torch.from_numpy(np.array(store.prepared("released", FRAMES).clips)))
    assert kept["features"].dtype == np.float32
    np.testing.assert_allclose(kept["features"], expected, rtol=1e-4, atol=1e-7)
    assert kept["names"].tolist() == [f"clip{row:02}" for row in range(24)]
    assert kept["labels"].tolist() == [row % 3 for row in range(24)]


def test_an_embedding_that_fails_leaves_the_old_file_as_it_was(encoder, store, tmp_path):
    out = tmp_path / "features.npz"
    out.write_bytes(b"old")
    encoder.network.blocks[0].temporal.weight.fill_(torch.nan)
    with pytest.raises(SkelactError, match="not finite"):
        embed(encoder, store, out, progress=False)
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_long_recordings_are_told_after_the_last_line_and_with_their_longest(named, recordings):
    clips = list(recordings()[:3])
    joints, identity = (np.concatenate([array] * 8) for array in (clips[1].joints, clips[1].identity))
    clips[1] = replace(clips[1], joints=joints, identity=identity)
    told: list[str] = []
    lines = classify(named, Made(tuple(clips)), Path(), 1, told.append)
    assert len(list(lines)) == 3
    assert f"1 of 3 clips are long for 8 frames; the longest, clip01, has {len(joints)} frames" in told[-1]


def test_units_of_the_recordings_become_those_of_the_encoder(named, recordings):
    metric = LoadedEncoder(named.network, named.card.model_copy(update={"units": "metres"}), named.head)
    clip, told = recordings()[0], []
    larger = replace(clip, joints=clip.joints * np.float32(100))
    (one,), (other,) = (
        list(classify(metric, Made((each,), units=units), Path("here"), 4, told.append))
        for each, units in ((clip, "m"), (larger, "cm"))
    )
    assert [each["p"] for each in one["top"]] == pytest.approx([each["p"] for each in other["top"]], rel=0.05, abs=1e-3)
    assert told == ["here is in centimetres, the encoder in metres: multiplied by 0.01"]
    with pytest.raises(SkelactError, match="never mixed"):
        classify(metric, Made((clip,), units="pixels"), Path("here"), 1)


def test_a_printed_line_is_json_that_no_terminal_obeys(capsys):
    value = {"name": "a\x1b[2J\x9b31m\x7f", "label": "Größe 日本 \u202e \udce9 \U0001d173"}
    say(json.dumps(value, ensure_ascii=False))
    line = capsys.readouterr().out.removesuffix("\n")
    assert line.isprintable()
    assert "Größe 日本" in line
    assert json.loads(line) == value
