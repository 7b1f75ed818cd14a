"""Units: one name each, lengths converted, anything else refused; and stores that are pooled."""

import numpy as np
import pytest
from made_clips import STORE, clips

from skelact.data.batches import training_clips
from skelact.data.recording import Recording
from skelact.data.store import write_store
from skelact.data.units import UNKNOWN_UNITS, check_space, factor, unit
from skelact.layouts import COCO_17, H36M_17
from skelact.system.world import SkelactError


@pytest.mark.parametrize("name", ["mm", "Millimeters", " millimetre ", "millimetres"])
def test_a_unit_has_one_name(name):
    assert unit(name) == "millimetres"


def test_a_unit_that_is_not_known_keeps_its_name():
    assert unit("Parts of the picture") == "Parts of the picture"


def test_lengths_are_converted():
    assert factor("mm", "m", "one", "other") == pytest.approx(0.001)
    assert factor("feet", "inches", "one", "other") == pytest.approx(12)
    assert factor("px", "pixels", "one", "other") == 1


@pytest.mark.parametrize("pair", [("pixels", "metres"), ("metres", UNKNOWN_UNITS), ("cubits", "ells")])
def test_what_cannot_be_converted_is_refused_by_name(pair):
    with pytest.raises(SkelactError, match=rf"here is in '{pair[0]}', there in '{pair[1]}'.*\n.*--units"):
        factor(*pair, "here", "there")


def stored(path, units: str, scale: float = 1.0, **other):
    made = [Recording(c.name, c.joints * np.float32(scale), c.identity, c.action, c.subject) for c in clips()]
    return write_store(path, **{**STORE, "units": units, **other}, recordings=made)


def test_millimetres_pooled_with_metres_become_metres_and_it_is_said(tmp_path):
    metres, small = stored(tmp_path / "a", "metres"), stored(tmp_path / "b", "mm", 1000)
    pooled = training_clips([metres, small], ["subject=0,1"], "robust", 12)
    one, other = (part.take(part.train, 2) for part in pooled.parts)
    assert np.allclose(one, other, atol=1e-5)
    assert pooled.units == "metres"
    assert pooled.notes == ("units: b is converted from millimetres to metres",)


def test_lengths_become_metres_whatever_the_only_store_is_in(tmp_path):
    pooled = training_clips([stored(tmp_path / "b", "mm", 1000)], ["subject=0,1"], "robust", 12)
    assert pooled.units == "metres"
    assert pooled.parts[0].take(pooled.parts[0].train, 2).abs().max().item() < 3


def test_any_other_unit_stays(tmp_path):
    store = stored(tmp_path / "b", "pixels")
    pooled = training_clips([store], ["subject=0,1"], "robust", 12)
    assert (pooled.units, pooled.parts[0].scale, pooled.notes) == ("pixels", 1.0, ())


def test_pixels_are_never_pooled_with_metres(tmp_path):
    stores = [stored(tmp_path / "a", "metres"), stored(tmp_path / "b", "pixels")]
    with pytest.raises(SkelactError, match=r"b is in 'pixels', store \S*a in 'metres'"):
        training_clips(stores, ["subject=0,1"], "robust", 12)


def test_units_that_nobody_told_are_pooled_with_a_word(tmp_path):
    stores = [stored(tmp_path / name, UNKNOWN_UNITS) for name in "ab"]
    (note,) = training_clips(stores, ["subject=0,1"], "robust", 12).notes
    assert "a and b" in note
    assert "--units" in note


def test_places_in_a_picture_are_never_pooled_with_places_in_a_room(tmp_path):
    flat = write_store(
        tmp_path / "flat", **{**STORE, "skeleton": COCO_17, "units": UNKNOWN_UNITS}, recordings=clips(skeleton=COCO_17)
    )
    room = COCO_17.model_copy(update={"name": "mine", "picture": False})
    deep = write_store(
        tmp_path / "deep", **{**STORE, "skeleton": room, "units": UNKNOWN_UNITS}, recordings=flat.recordings()
    )
    with pytest.raises(SkelactError, match=r"flat holds positions in a picture \(coco_17\).*deep positions in a room"):
        training_clips([deep, flat], ["subject=0,1"], "robust", 12)


def test_a_clip_many_times_as_long_as_the_view_is_named(tmp_path):
    one = clips()[0]
    long = Recording("walk", np.repeat(one.joints, 20, axis=0), np.repeat(one.identity, 20, axis=0), subject=1)
    store = write_store(tmp_path / "s", **STORE, recordings=[*clips(), long])
    (note,) = training_clips([store], ["subject=0,1"], "robust", 12).notes
    assert note.startswith("s: 1 of 7 clips are long for 12 frames; the longest, walk, has 200 frames")
    assert training_clips([store], ["subject=0,1"], "robust", 50).notes == ()


def test_a_layout_of_pictures_in_a_file_that_does_not_tell_so_yet_is_known_by_its_name():
    old = COCO_17.model_copy(update={"picture": False})
    check_space(COCO_17, UNKNOWN_UNITS, "one", old, UNKNOWN_UNITS, "the other")
    with pytest.raises(
        SkelactError, match=r"the other holds positions in a picture \(coco_17\), one positions in a room"
    ):
        check_space(H36M_17, UNKNOWN_UNITS, "one", old, UNKNOWN_UNITS, "the other")
    check_space(H36M_17, "mm", "one", old, "metres", "the other")
