"""Attention masks of a SkeAttnCLR run: one value for each person, time and joint of a clip."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from skelact import methods
from skelact.encoders.card import EncoderCard
from skelact.encoders.encoder import there
from skelact.encoders.file import load_encoder
from skelact.methods import SkeAttnCLR
from skelact.runs import RunFolder
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError, reason
from skelact.train import TrainConfig, checkpoint

BATCH = 16
"""Clips per batch."""


@dataclass(frozen=True)
class Attention:
    """The method of a run's last checkpoint, frozen and in evaluation mode, and the card of its encoder."""

    method: SkeAttnCLR
    card: EncoderCard


def load_attention(run: Path) -> Attention:
    """Read a run of SkeAttnCLR. SkelactError: a run of another method, without a checkpoint, or damaged."""
    with torch.random.fork_rng(devices=[]):
        card = load_encoder(run).card
    if card.method != "skeattnclr":
        raise SkelactError(f"{run}: trained by {card.method or 'nothing'}; only skeattnclr has an attention mask")
    state = checkpoint.load(RunFolder(run).checkpoint)
    try:
        config = TrainConfig.model_validate(RunFolder(run).read_config()["config"])
        learned = config.stages[state.get("stage", 1) - 1].method
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise SkelactError(f"{RunFolder(run).config}: cannot be read: {error}") from error
    with torch.random.fork_rng(devices=[]):
        method = methods.build(learned, card.encoder, card.skeleton, card.frames, card.persons)
    try:
        method.load_state_dict(state["method"])
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SkelactError(f"{run}: its checkpoint does not fit its configuration: {reason(error)}") from error
    assert isinstance(method, SkeAttnCLR), "its card says so"
    return Attention(method.eval().requires_grad_(False), card)


def attention_maps(
    attention: Attention,
    clips: Float32[np.ndarray, "n 3 t v m"],
    skeleton: Skeleton | None = None,
    units: str | None = None,
) -> Float32[np.ndarray, "n m s v"]:
    """The mask of each clip, as prepared, neither augmented nor swapped: its mean over the channels of the feature map.

    1 is salient, 0 is not; s = T' times, evenly over the clip; nan for an absent person.
    `skeleton` and `units` are those of the clips, if they differ from the card's.
    SkelactError: clips that no encoder accepts, or several persons in a run with layout `released`, which mixes them.
    """
    method, card = attention.method, attention.card
    if method.config.layout == "released" and clips.shape[4] > 1:
        raise SkelactError("a run with --method.layout released mixes persons in its mask: it has no map of each")
    entrance, maps = card.entrance, []
    with torch.inference_mode():
        for start in range(0, len(clips), BATCH):
            joints = entrance.joints(clips[start : start + BATCH], skeleton, units, first=start)
            x = entrance.in_stream(joints)
            mask = method.attention(method.encoder.feature_map(x)).mean(1)
            everyone = mask.new_full((len(x), x.shape[4], *mask.shape[1:]), torch.nan)
            everyone[method.encoder.persons(x)] = mask
            everyone[~there(joints)] = torch.nan
            maps.append(everyone.numpy())
    return np.concatenate(maps)[:, : clips.shape[4]]
