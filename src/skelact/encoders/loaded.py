"""An encoder ready to use: network, head and card in one module, from clips to features or classes."""

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from skelact.config import Readout
from skelact.data.progress import progress_bar
from skelact.data.store import Store
from skelact.encoders.card import EncoderCard
from skelact.encoders.checks import AXES
from skelact.encoders.encoder import Encoder
from skelact.skeleton import Skeleton
from skelact.system.allocator import kept_memory
from skelact.system.world import SkelactError

BATCH = 128
"""Default number of clips in a batch."""


class LoadedEncoder(nn.Module):
    """An encoder with its card, its entrance and optionally a classifier head. Frozen, in evaluation mode."""

    def __init__(self, network: Encoder, card: EncoderCard, head: nn.Linear | None = None):
        super().__init__()
        self.network = network
        self.card = card
        self.entrance = card.entrance
        """Converts clips to the input of the network."""
        self.head = head
        """Linear classifier on h; None without one."""
        self.eval().requires_grad_(False)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.network.parameters()).device

    @property
    def classifier(self) -> nn.Linear:
        """The head. SkelactError if there is none."""
        if self.head is None:
            raise SkelactError(
                "this encoder has no classifier head, so it cannot name actions; "
                "import weights that have one, or use `skelact embed` for its features"
            )
        return self.head

    def forward(self, joints: Float[Tensor, "n 3 t v m"], readout: Readout = "pooled") -> Float[Tensor, "n d"]:
        """h of prepared clips in the layout and unit of the card, as `entrance.joints` gives them, on our device; or
        the network's tokens."""
        x = self.entrance.in_stream(joints).to(next(self.network.parameters()).dtype)
        return self.network(x) if readout == "pooled" else self.network.tokens(x)

    def embed(
        self,
        clips: np.ndarray | Store,
        skeleton: Skeleton | None = None,
        units: str | None = None,
        axes: str = AXES,
        batch: int = BATCH,
        progress: bool = False,
        title: str = "features",
        readout: Readout = "pooled",
    ) -> Float32[np.ndarray, "n d"]:
        """Features h of every clip of a store, or of an array of prepared clips, without augmentation, on `device`.

        An array is float32 and prepared as the card says: 3 coordinates, the card's frames, the joints of `skeleton`.
        `axes` names its axes in order: n clips, c coordinates, t frames, v joints, m persons; without m every clip has
        one person. `skeleton` and `units` are those of the clips (default: of the store, or of the card). Joints are
        mapped by name. Clips with fewer persons than on the card are padded with absent ones (zeros), as in training;
        additional persons are included in the mean. A store is prepared first if necessary. `readout` "tokens" gives
        the feature map instead of h (`Encoder.tokens`).
        SkelactError, naming the axis: wrong type, order of axes or number of frames; joints or units that do not map;
        clips that are not prepared; coordinates or features that are not finite.
        """
        if batch < 1:
            raise SkelactError(f"batch: expected at least 1 clip at once, found {batch}")
        if isinstance(clips, Store):
            skeleton, units = skeleton or clips.skeleton, units or clips.meta.units
            self.entrance.check(skeleton, units, clips.name)
            clips = clips.prepared(self.card.preparation, self.card.frames, progress=progress).clips
        clips = np.asarray(clips)
        count = len(self.entrance.arranged(clips, skeleton, axes))
        before = (slice(None),) * axes.index("n")
        pieces = []
        with torch.inference_mode(), kept_memory(self.device.type == "cpu"), progress_bar(progress) as bar:
            line = bar.add_task(title, total=count)
            for start in range(0, count, batch):
                piece = clips[(*before, slice(start, start + batch))]
                joints = self.entrance.joints(piece, skeleton, units, axes, start)
                pieces.append(self(joints.to(self.device), readout).float().cpu().numpy())
                bar.advance(line, len(pieces[-1]))
        out = np.concatenate(pieces) if pieces else np.empty((0, self.network.features), np.float32)
        bad = int((~np.isfinite(out)).any(1).sum())
        if bad:
            raise SkelactError(f"the features of {bad} of {count} clips are not finite; expected 0")
        return out

    def probabilities(
        self,
        clips: np.ndarray | Store,
        skeleton: Skeleton | None = None,
        units: str | None = None,
        axes: str = AXES,
        batch: int = BATCH,
        progress: bool = False,
    ) -> Float32[np.ndarray, "n classes"]:
        """Probability of each class of the card for every clip, from the head. Arguments as in `embed`.

        SkelactError as in `embed`, and for an encoder without a head.
        """
        head = self.classifier
        h = torch.from_numpy(self.embed(clips, skeleton, units, axes, batch, progress))
        with torch.inference_mode():
            return head(h.to(self.device)).softmax(1).cpu().numpy()
