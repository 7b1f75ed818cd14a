"""Training clips of one or several stores as one set, and the two ways to read them."""

import threading
import time

import numpy as np
import pytest
import torch

import tiny
from skelact.data.batches import TrainingClips, batches, common_skeleton, training_clips
from skelact.data.store import Store
from skelact.layouts import LAYOUTS
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError

# FIVE's joints in another order, with two more between them.
SEVEN = Skeleton(
    name="seven",
    joints=("head", "right_foot", "left_foot", "hip_center", "right_shoulder", "neck", "left_shoulder"),
    parents=(5, 3, 3, -1, 5, 3, 5),
)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return tiny.store(tmp_path_factory.mktemp("data") / "five")


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Store:
    clips = tiny.recordings(count=10, skeleton=SEVEN, persons=2, seed=1)
    return tiny.store(tmp_path_factory.mktemp("data") / "seven", clips, SEVEN)


@pytest.fixture(scope="module")
def pooled(five: Store, seven: Store) -> TrainingClips:
    return training_clips([seven, five], ["subject=1,2", "subject=3"], "released", 12)


def rows(store: Store, *subjects: int) -> list[int]:
    return [row for row in range(len(store)) if store.recording(row).subject in subjects]


def test_a_store_alone_gives_its_prepared_training_clips_as_they_are(five):
    clips = training_clips([five], [tiny.SPLIT], "released", 12)
    assert (clips.skeleton, clips.persons, clips.frames, len(clips)) == (tiny.FIVE, 1, 12, tiny.TRAIN_CLIPS)
    expected = np.load(five.path / "prepared" / "released-12" / "clips.npy")[rows(five, 1, 2)]
    assert (clips.take(torch.arange(len(clips))).numpy() == expected).all()
    assert clips.bytes == expected.nbytes


def test_pooled_stores_take_the_layout_that_both_contain_whatever_their_order(five, seven):
    for stores in ([five, seven], [seven, five]):
        assert training_clips(stores, [tiny.SPLIT], "released", 12).skeleton == tiny.FIVE


def test_pooled_values_land_on_the_joint_of_the_same_name(pooled, five, seven):
    assert len(pooled) == 7 + 6
    of_seven, of_five = seven.prepared("released", 12).clips, five.prepared("released", 12).clips
    for joint, name in enumerate(tiny.FIVE.joints):
        taken = pooled.take(torch.arange(13))[:, :, :, joint].numpy()
        assert (taken[:7] == of_seven[rows(seven, 1, 2)][:, :, :, SEVEN.joints.index(name)]).all()
        assert (taken[7:, ..., 0] == of_five[rows(five, 3)][:, :, :, joint, 0]).all()


def test_a_store_with_fewer_persons_gets_empty_ones(pooled):
    assert pooled.persons == 2
    both = pooled.take(torch.arange(13))
    assert both[:7, ..., 1].abs().amax((1, 2, 3)).min() > 0
    assert both[7:, ..., 0].abs().amax((1, 2, 3)).min() > 0
    assert (both[7:, ..., 1] == 0).all()


def test_numbers_may_come_in_any_order_and_more_than_once(pooled):
    everything = pooled.take(torch.arange(13))
    numbers = torch.tensor([12, 0, 6, 7, 0, 3, 12])
    assert torch.equal(pooled.take(numbers), everything[numbers])
    assert pooled.take(numbers[:0]).shape == (0, 3, 12, 5, 2)


def test_every_store_keeps_its_own_split_labels_and_test_clips(pooled, five, seven):
    first, second = pooled.parts
    assert (first.name, second.name) == ("seven", "five")
    assert (list(first.train), list(first.test)) == (rows(seven, 1, 2), rows(seven, 3))
    assert (list(second.train), list(second.test)) == (rows(five, 3), rows(five, 1, 2))
    assert list(first.labels) == [seven.recording(row).action for row in range(10)]
    assert first.hash == seven.prepared("released", 12).hash != second.hash


def test_one_split_stands_for_all_stores_but_two_not_for_three(five, seven):
    same = training_clips([five, seven], [tiny.SPLIT], "released", 12)
    assert [len(part.train) for part in same.parts] == [14, 7]
    with pytest.raises(SkelactError, match="expected one split or one for each of the 3 stores, found 2"):
        training_clips([five, seven, five], [tiny.SPLIT, tiny.SPLIT], "released", 12)
    with pytest.raises(SkelactError, match="expected one split or one for each of the 1 stores, found 0"):
        training_clips([five], [], "released", 12)


def test_layouts_without_a_common_one_are_an_error_that_names_the_joints(five, tmp_path):
    joints = ("hip_center", "left_shoulder", "right_shoulder", "tail")
    animal = Skeleton(name="animal", joints=joints, parents=(-1, 0, 0, 0))
    other = tiny.store(tmp_path / "animal", tiny.recordings(skeleton=animal), animal)
    with pytest.raises(SkelactError, match="cannot pool the layouts five, animal: none has only joints") as refused:
        training_clips([five, other], [tiny.SPLIT], "released", 12)
    assert str(refused.value).endswith("of animal's joints another lacks tail")


def test_three_layouts_may_share_none_although_each_pair_does():
    def layout(*joints: str) -> Skeleton:
        return Skeleton(name="-".join(joints), joints=joints, parents=(-1, *[0] * (len(joints) - 1)))

    big = layout("a", "b", "c", "d")
    assert common_skeleton([big, layout("a", "b"), layout("b", "c", "a")]) == layout("a", "b")
    with pytest.raises(SkelactError, match="of a-b's joints another lacks b"):
        common_skeleton([layout("a", "b"), layout("a", "c"), big])


def test_kinect_v1_and_v2_pool_to_the_older_one():
    layouts = {skeleton.name: skeleton for skeleton in LAYOUTS}
    common = common_skeleton([layouts["kinect_v2"], layouts["kinect_v1"]])
    assert common == layouts["kinect_v1"]


# --- the two ways to read


def orders() -> list[torch.Tensor]:
    chance = torch.Generator().manual_seed(3)
    return [torch.randperm(13, generator=chance)[:5] for _ in range(7)]


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read ahead"]


@pytest.mark.parametrize("resident_bytes", [0, 2**30])
def test_batches_hold_the_clips_of_their_numbers_in_order(resident_bytes, pooled):
    found = list(batches(pooled, orders(), CPU, resident_bytes))
    assert len(found) == 7
    for (numbers, x), asked in zip(found, orders(), strict=True):
        assert torch.equal(numbers, asked)
        assert torch.equal(x, pooled.take(asked))
    assert not readers()


def test_only_a_set_beyond_the_limit_is_read_ahead(pooled):
    for limit, threads in ((pooled.bytes, 0), (pooled.bytes - 1, 1)):
        running = batches(pooled, orders(), CPU, limit)
        next(running)
        assert len(readers()) == threads
        running.close()


@pytest.mark.parametrize("error", [OSError("disk gone"), KeyboardInterrupt(), IndexError("row 99")])
def test_an_error_of_the_reading_thread_is_raised_where_the_batches_are_used(error, pooled):
    def failing():
        yield from orders()[:2]
        raise error

    running = batches(pooled, failing(), CPU, resident_bytes=0)
    for asked in orders()[:2]:
        assert torch.equal(next(running)[0], asked)
    with pytest.raises(type(error)) as raised:
        next(running)
    assert raised.value is error
    assert not readers()


def test_leaving_early_ends_the_reading_thread(pooled):
    asked = []

    def endless():
        while True:
            asked.append(len(asked))
            yield torch.arange(4)

    before = threading.active_count()
    running = batches(pooled, endless(), CPU, resident_bytes=0)
    next(running)
    assert len(readers()) == 1
    running.close()
    assert threading.active_count() == before
    assert not readers()


def test_reading_ahead_stays_a_few_batches_ahead(pooled):
    asked = []

    def counted():
        for _ in range(100):
            asked.append(len(asked))
            yield torch.arange(4)

    running = batches(pooled, counted(), CPU, resident_bytes=0)
    next(running)
    time.sleep(0.3)
    # One in use, two waiting, one that waits for a place.
    assert len(asked) <= 4
    running.close()


def test_a_loop_that_raises_ends_the_reading_thread(pooled):
    def loop() -> None:
        for number, _ in enumerate(batches(pooled, orders(), CPU, resident_bytes=0)):
            if number == 1:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        loop()
    del raised  # its traceback holds the loop
    assert not readers()
