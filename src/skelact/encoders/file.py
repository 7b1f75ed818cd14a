"""An encoder as one safetensors file: weights, and in the header a card that says how clips must be prepared."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from skelact.encoders.card import FORMAT, EncoderCard
from skelact.encoders.config import DEFAULT, EncoderConfig, by_name
from skelact.encoders.encoder import Encoder
from skelact.encoders.loaded import LoadedEncoder
from skelact.encoders.seal import SEAL, check_header, check_seal, sealed
from skelact.maths.streams import Stream
from skelact.runs import RunFolder
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError, reason, write_bytes

HEADER = "skelact"
MOST_JOINTS = 1000
"""A larger layout is read only if the tensors have as many joints."""
MOST_LISTED, MOST_VALUES = 100_000, 500_000
"""Largest number of entries in a list on a card, and of values on the whole card."""
_LONGEST_REASON = 600
"""Longest message about a damaged card, in characters."""
T = TypeVar("T")


def save_encoder(path: Path, network: nn.Module, card: EncoderCard, head: nn.Linear | None = None) -> None:
    """Write `network`, and `head` if given, with `card` in the header. Atomic."""
    tensors = {f"encoder.{name}": tensor for name, tensor in network.state_dict().items()}
    if head is not None:
        tensors |= {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # Not save_file of safetensors: its files are readable by the owner only, whatever the umask.
    write_bytes(path, sealed(save(tensors, metadata={HEADER: card.model_dump_json()})))


def load_encoder(path: Path, stream: Stream | None = None) -> LoadedEncoder:
    """Read an encoder file, or the one in a run folder: that of `stream`, by default the first.

    SkelactError for anything else, and for an encoder of another stream.
    """
    path = Path(path)
    run = RunFolder(path) if path.is_dir() else None
    together = run.streams if run else ()
    if stream and together and stream not in together:
        raise SkelactError(f"{path}: expected an encoder of the {stream} stream, found those of {', '.join(together)}")
    file = run.encoder(stream if together else None) if run else path
    if not file.exists():
        hint = "make one with skelact import-weights"
        if run and run.is_run:
            hint = "this run has not finished an epoch yet"
        elif run:
            raise SkelactError(
                f"{path}: expected a run folder or an encoder file, found a folder without {run.config.name}"
            )
        raise SkelactError(f"{file}: no such encoder file; {hint}")
    encoder = _read(file)
    if stream and stream != encoder.card.stream:
        raise SkelactError(f"{file}: expected an encoder of the {stream} stream, found one of {encoder.card.stream}")
    return encoder


def _read(file: Path) -> LoadedEncoder:
    if not file.is_file():
        raise SkelactError(f"{file}: not a safetensors file: expected a regular file")
    try:
        check_header(file)
        with safe_open(file, framework="pt") as opened:
            metadata = opened.metadata() or {}
            if HEADER not in metadata:
                raise SkelactError(
                    f"{file}: a safetensors file without skelact's card in its header, so not an encoder file"
                )
            check_seal(file, metadata.get(SEAL))
            found = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
            card = _card(file, metadata[HEADER], _below("encoder", found))
            _check_shapes(file, card, found)
            tensors = {name: opened.get_tensor(name) for name in found}
    except (SafetensorError, OSError) as error:
        raise SkelactError(f"{file}: not a safetensors file: {reason(error)}") from error
    network = _network(card)
    network.load_state_dict(_below("encoder", tensors))
    head = None
    if _below("head", tensors):
        head = nn.Linear(network.features, len(card.classes))
        head.load_state_dict(_below("head", tensors))
    return LoadedEncoder(network, card, head)


def _check_shapes(file: Path, card: EncoderCard, found: dict[str, tuple[int, ...]]) -> None:
    """SkelactError unless names and shapes are exactly those of the card's network and head. Allocates no tensors."""
    strange = sorted(name for name in found if not name.startswith(("encoder.", "head.")))
    if strange:
        raise SkelactError(f"{file}: neither encoder nor head\n{_listed('unexpected', strange)}")
    try:
        network = without_memory(card.encoder, card.skeleton, card.frames, card.persons)
    except SkelactError as error:
        raise SkelactError(f"{file}: {error}") from error
    parts = {"encoder": shapes_of(network)}
    if _below("head", found):
        parts["head"] = head_shapes(network.features, len(card.classes))
    for prefix, shapes in parts.items():
        report = mismatch(shapes, _below(prefix, found))
        if report:
            raise SkelactError(f"{file}: the weights do not fit the network of its card\n{report}")


def _below(prefix: str, found: dict[str, T]) -> dict[str, T]:
    start = f"{prefix}."
    return {name.removeprefix(start): held for name, held in found.items() if name.startswith(start)}


def random_encoder(card: EncoderCard, seed: int) -> LoadedEncoder:
    """The control: the same network with random weights. Does not change the global generator of torch."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(card)
    untrained = card.model_copy(update={"classes": (), "method": "", "origin": f"random weights, seed {seed}"})
    return LoadedEncoder(network, untrained)


def _network(card: EncoderCard) -> Encoder:
    return card.encoder.build(card.skeleton, card.frames, card.persons)


def _card(file: Path, header: str, found: dict[str, tuple[int, ...]]) -> EncoderCard:
    try:
        if (count := sum(map(header.count, ",[{"))) > MOST_VALUES:
            raise ValueError(f"expected at most {MOST_VALUES} values, found {count}")
        values = json.loads(header)
        _check_lists(values)
        if isinstance(values, dict) and values.get("format", 0) > FORMAT:
            raise SkelactError(
                f"{file}: written in encoder format {values['format']!s:.40}, this skelact reads up to {FORMAT}: "
                "upgrade it"
            )
        joints = len(values["skeleton"]["joints"]) if isinstance(values, dict) and "skeleton" in values else 0
        # Checking a layout and making a graph take time and memory: the tensors must have as many joints.
        if joints > MOST_JOINTS and not _encoder_on(values).may_have(joints, found):
            raise SkelactError(f"{file}: the card has {joints} joints, the tensors are not of as many")
        return EncoderCard.model_validate(values)
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise SkelactError(f"{file}: the card in the header is damaged: {_shortened(error)}") from error


def _check_lists(card: object) -> None:
    """ValueError for a list on a card that is too long, before its entries are checked."""
    below = [card]
    while below:
        held = below.pop()
        if isinstance(held, list) and len(held) > MOST_LISTED:
            raise ValueError(f"expected lists of at most {MOST_LISTED} entries, found one of {len(held)}")
        below += held if isinstance(held, list) else held.values() if isinstance(held, dict) else ()


def _shortened(error: Exception) -> str:
    text = str(error)
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."


def _encoder_on(values: dict) -> EncoderConfig:
    """The encoder configuration on a card; the default one if it has none."""
    config = by_name(values.get("encoder", DEFAULT))
    if not isinstance(config, EncoderConfig):
        raise ValueError(f"expected the numbers of an encoder, found {config!r:.80}")
    return config


def without_memory(config: EncoderConfig, skeleton: Skeleton, frames: int, persons: int) -> Encoder:
    """A network on the meta device, without memory for its tensors. SkelactError for sizes that no tensor can have."""
    try:
        with torch.device("meta"):
            return config.build(skeleton, frames, persons)
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        numbers = ", ".join(f"{name} {value!s:.40}" for name, value in config if name != "name")
        raise SkelactError(f"no tensor has the sizes that the encoder {config.name} asks for: {numbers}") from error


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Shapes of the tensors of a network, by name."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def head_shapes(features: int, classes: int) -> dict[str, tuple[int, ...]]:
    """Shapes of a linear classifier's tensors by name."""
    return {"weight": (classes, features), "bias": (classes,)}


def mismatch(expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> str:
    """Lists missing, unexpected and misshaped tensors, one line for each kind; empty if all fit."""
    missing = sorted(expected.keys() - found.keys())
    unexpected = sorted(found.keys() - expected.keys())
    misshaped = [
        f"{name} (expected {expected[name]}, found {found[name]})"
        for name in sorted(expected.keys() & found.keys())
        if expected[name] != found[name]
    ]
    lines = [
        _listed(kind, names)
        for kind, names in (("missing", missing), ("unexpected", unexpected), ("misshaped", misshaped))
        if names
    ]
    return "\n".join(lines)


def _listed(kind: str, names: list[str]) -> str:
    return (
        f"  {kind}: {len(names)}: {', '.join(f'{name:.120}' for name in names[:6])}{', ...' if len(names) > 6 else ''}"
    )
