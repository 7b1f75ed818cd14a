"""Part swap (SkeAttnCLR): for some frames, body parts of a clip are replaced by those of another clip of the batch."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from skelact.maths.draw import Draw

Clips = Float[Tensor, "n c t v m"]


@dataclass(frozen=True)
class PartSwap:
    """Replace some parts in one window of frames by those of a partner clip, all random for each clip.

    The partner is drawn by its rank among the clip numbers of the batch, so the order of the batch does not matter.
    A clip is never its own partner, unless it is alone.
    """

    parts: tuple[tuple[int, ...], ...]
    """Joints of each part."""
    swapped: tuple[int, int] = (3, 4)
    """Smallest and largest number of replaced parts."""
    window: tuple[float, float] = (16 / 64, 28 / 64)
    """Shortest and longest window, as a share of the frames."""

    def __call__(self, x: Clips, draw: Draw) -> Clips:
        n, frames = len(x), x.shape[2]
        fewest, most = self.swapped
        count = fewest + draw.integer(most - fewest + 1)
        chosen = draw.uniform(len(self.parts)).argsort(1).argsort(1) < count[:, None]
        shortest, longest = (max(1, round(share * frames)) for share in self.window)
        length = shortest + draw.integer(longest - shortest + 1)
        start = draw.integer(frames - length + 1)
        ranked = draw.clips.argsort()
        partner = ranked[(ranked.argsort() + 1 + draw.integer(max(n - 1, 1))) % n]
        return swap(x, partner, self._joints(chosen, x.shape[3]), _window(start, length, frames))

    def _joints(self, chosen: Bool[Tensor, "n parts"], joints: int) -> Bool[Tensor, "n v"]:
        member = torch.zeros(len(self.parts), joints, dtype=torch.bool, device=chosen.device)
        for part, members in enumerate(self.parts):
            member[part, list(members)] = True
        return (chosen[:, :, None] & member).any(1)


def _window(start: Int64[Tensor, "n"], length: Int64[Tensor, "n"], frames: int) -> Bool[Tensor, "n t"]:
    frame = torch.arange(frames, device=start.device)
    return (frame >= start[:, None]) & (frame < (start + length)[:, None])


def swap(x: Clips, partner: Int64[Tensor, "n"], joints: Bool[Tensor, "n v"], frames: Bool[Tensor, "n t"]) -> Clips:
    """Take `joints` in `frames` of each clip, for all persons, from the clip at index `partner`."""
    inside = (frames[:, :, None] & joints[:, None, :])[:, None, :, :, None]
    return torch.where(inside, x[partner], x)
