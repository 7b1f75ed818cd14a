"""Part swap: what is taken over, what stays, and what the draws depend on."""

import pytest
import torch

from skelact.layouts import COCO_17, KINECT_V2, SBU_15
from skelact.maths.draw import Draw
from skelact.maths.swap import PartSwap, swap


def numbered(n: int, t: int, v: int, m: int = 1) -> torch.Tensor:
    """Clips of which no two numbers are alike."""
    return torch.arange(n * 3 * t * v * m, dtype=torch.float64).view(n, 3, t, v, m)


def draw(clips, epoch: int = 0) -> Draw:
    return Draw(torch.as_tensor(clips), seed=3, epoch=epoch, view="swap")


def test_inside_stands_the_partner_and_outside_the_clip_itself():
    x = numbered(3, 5, 4, 2)
    partner = torch.tensor([2, 0, 1])
    joints = torch.tensor([[1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=torch.bool)
    frames = torch.tensor([[0, 1, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]], dtype=torch.bool)
    swapped = swap(x, partner, joints, frames)
    for i in range(3):
        for t in range(5):
            for v in range(4):
                source = int(partner[i]) if bool(joints[i, v]) and bool(frames[i, t]) else i
                assert torch.equal(swapped[i, :, t, v], x[source, :, t, v])


@pytest.mark.parametrize("skeleton", [KINECT_V2, SBU_15, COCO_17], ids=lambda skeleton: skeleton.name)
@pytest.mark.parametrize(("frames", "shortest", "longest"), [(64, 16, 28), (50, 12, 22), (32, 8, 14)])
def test_whole_parts_of_one_partner_are_taken_over_for_one_window(skeleton, frames, shortest, longest):
    n, v = 40, len(skeleton)
    parts = tuple(skeleton.parts.values())
    x = numbered(n, frames, v)
    swapped = PartSwap(parts)(x, draw(range(n)))
    lengths, counts, partners = set(), set(), set()
    for i in range(n):
        changed = (swapped[i, 0, :, :, 0] != x[i, 0, :, :, 0]).nonzero()
        when, where = changed[:, 0].unique().tolist(), changed[:, 1].unique().tolist()
        assert when == list(range(when[0], when[-1] + 1))
        assert len(changed) == len(when) * len(where)
        taken = [part for part in parts if set(part) <= set(where)]
        assert sorted(joint for part in taken for joint in part) == where
        source = (swapped[i, 0, when[0], where[0], 0] // (3 * frames * v)).long().item()
        assert torch.equal(swapped[i][:, when][:, :, where], x[source][:, when][:, :, where])
        assert source != i
        lengths.add(len(when))
        counts.add(len(taken))
        partners.add((source - i) % n)
    assert counts == {3, 4}
    assert shortest <= min(lengths) < max(lengths) <= longest
    assert len(partners) > 10


def test_every_window_and_part_comes_up():
    n, frames = 600, 16
    x = numbered(n, frames, 15)
    changed = PartSwap(tuple(SBU_15.parts.values()))(x, draw(range(n)))[:, 0, :, :, 0] != x[:, 0, :, :, 0]
    share = changed.any(1).double().mean(0)
    torch.testing.assert_close(share, torch.full_like(share, 3.5 / 5), atol=0.06, rtol=0)
    windows = {(int(row.nonzero()[0]), int(row.sum())) for row in changed.any(2)}
    assert windows == {(start, length) for length in range(4, 8) for start in range(frames - length + 1)}


def test_a_clip_swaps_the_same_whatever_the_order_of_the_batch_and_otherwise_in_another_epoch():
    swapping = PartSwap(tuple(SBU_15.parts.values()))
    x, clips, mixed = numbered(6, 20, 15), torch.tensor([40, 7, 12, 3, 99, 8]), torch.tensor([3, 0, 5, 1, 4, 2])
    swapped = swapping(x, draw(clips))
    assert torch.equal(swapping(x[mixed], draw(clips[mixed])), swapped[mixed])
    assert torch.equal(swapping(x, draw(clips)), swapped)
    assert not torch.equal(swapping(x, draw(clips, epoch=1)), swapped)


def test_a_clip_alone_in_its_batch_stays_as_it_is():
    x = numbered(1, 20, 15)
    assert torch.equal(PartSwap(tuple(SBU_15.parts.values()))(x, draw([5])), x)
