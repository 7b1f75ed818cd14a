"""An encoder as one safetensors file: weights, and in its header a card that says how clips must be prepared for it."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from skelact.config import Config
from skelact.encoders.stgcn import STGCN, STGCNConfig
from skelact.skeleton import Skeleton
from skelact.streams import STREAMS, Stream
from skelact.world import SkelactError, atomic_file

FORMAT = 1
HEADER = "skelact"


class EncoderCard(Config):
    """What an encoder is and what it was made for."""

    format: int = FORMAT
    encoder: STGCNConfig
    skeleton: Skeleton
    stream: Stream = "joint"
    view: str
    """Prepared view of its clips: released or robust."""
    frames: int = Field(ge=1)
    persons: int = Field(ge=1)
    classes: tuple[str, ...] = ()
    """Labels of the head's outputs, in order; empty without a head."""
    method: str = ""
    """Method that trained it; empty for random weights."""
    origin: str = ""
    """Where the weights come from: a run, or an imported file and its hash."""


@dataclass(frozen=True)
class LoadedEncoder:
    """An encoder ready to use: frozen, in evaluation mode."""

    network: STGCN
    card: EncoderCard
    head: nn.Linear | None = None
    """Linear classifier on h, where one was trained."""


def save_encoder(path: Path, network: nn.Module, card: EncoderCard, head: nn.Linear | None = None) -> None:
    """Write `network` (and `head`) with `card` in the header, atomically."""
    tensors = {f"encoder.{name}": tensor for name, tensor in network.state_dict().items()}
    if head is not None:
        tensors |= {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_file(path) as temporary:
        # Not safetensors' save_file, which lets nobody but the owner read the file, whatever the umask.
        temporary.write_bytes(save(tensors, metadata={HEADER: card.model_dump_json()}))


def encoder_file(run: Path, stream: Stream | None = None) -> Path:
    """The encoder of a run folder; with `stream`, that of one stream where the run learned several together."""
    return run / (f"encoder-{stream}.safetensors" if stream else "encoder.safetensors")


def streams_of(run: Path) -> tuple[Stream, ...]:
    """Streams that a run learned together, an encoder file each; empty for a run of one encoder."""
    return tuple(stream for stream in STREAMS if encoder_file(run, stream).exists())


def load_encoder(path: Path, stream: Stream | None = None) -> LoadedEncoder:
    """Read an encoder file, or that of a run folder: of `stream`, or where none is asked for its `encoder.safetensors`.

    SkelactError for anything else, and for an encoder of another stream.
    """
    path = Path(path)
    run = path.is_dir()
    together = streams_of(path) if run else ()
    if stream and together and stream not in together:
        raise SkelactError(f"{path}: expected an encoder of the {stream} stream, found those of {', '.join(together)}")
    file = encoder_file(path, stream if together else None) if run else path
    if not file.exists():
        hint = "this run has not finished an epoch yet" if run else "make one with skelact import-weights"
        raise SkelactError(f"{file}: no such encoder file; {hint}")
    encoder = _read(file)
    if stream and stream != encoder.card.stream:
        raise SkelactError(f"{file}: expected an encoder of the {stream} stream, found one of {encoder.card.stream}")
    return encoder


def _read(file: Path) -> LoadedEncoder:
    try:
        with safe_open(file, framework="pt") as opened:
            header = (opened.metadata() or {}).get(HEADER)
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise SkelactError(f"{file}: not a safetensors file: {error}") from error
    if header is None:
        raise SkelactError(f"{file}: a safetensors file without skelact's card in its header; not an encoder of ours")
    card = _card(file, header)
    strange = sorted(name for name in tensors if not name.startswith(("encoder.", "head.")))
    if strange:
        raise SkelactError(f"{file}: neither encoder nor head\n{_listed('unexpected', strange)}")
    network = card.encoder.build(card.skeleton)
    network.load_state_dict(_strict(file, "encoder", network, tensors))
    head = None
    if any(name.startswith("head.") for name in tensors):
        head = nn.Linear(card.encoder.features, len(card.classes))
        head.load_state_dict(_strict(file, "head", head, tensors))
    return LoadedEncoder(network.eval().requires_grad_(False), card, head and head.eval().requires_grad_(False))


def random_encoder(card: EncoderCard, seed: int) -> LoadedEncoder:
    """The control: the same network with fresh random weights, untrained. Leaves the global generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = card.encoder.build(card.skeleton)
    untrained = card.model_copy(update={"classes": (), "method": "", "origin": f"random weights, seed {seed}"})
    return LoadedEncoder(network.eval().requires_grad_(False), untrained)


def _card(file: Path, header: str) -> EncoderCard:
    try:
        values = json.loads(header)
        if isinstance(values, dict) and values.get("format", 0) > FORMAT:
            raise SkelactError(
                f"{file}: written in encoder format {values['format']}, this skelact reads up to {FORMAT}: upgrade it"
            )
        return EncoderCard.model_validate(values)
    except (json.JSONDecodeError, ValidationError, TypeError) as error:
        raise SkelactError(f"{file}: the card in the header is damaged: {error}") from error


def _strict(file: Path, prefix: str, module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors below `prefix`; SkelactError unless names and shapes are exactly the module's."""
    found = {
        name.removeprefix(f"{prefix}."): tensor for name, tensor in tensors.items() if name.startswith(f"{prefix}.")
    }
    report = mismatch(module, found)
    if report:
        raise SkelactError(f"{file}: the weights do not fit the network of its card\n{report}")
    return found


def mismatch(module: nn.Module, found: dict[str, Tensor]) -> str:
    """Missing, unexpected and misshaped tensors of `found` against `module`, a line a kind; empty where all fit."""
    expected = module.state_dict()
    missing = sorted(expected.keys() - found.keys())
    unexpected = sorted(found.keys() - expected.keys())
    misshaped = [
        f"{name} (expected {tuple(expected[name].shape)}, found {tuple(found[name].shape)})"
        for name in sorted(expected.keys() & found.keys())
        if expected[name].shape != found[name].shape
    ]
    lines = [
        _listed(kind, names)
        for kind, names in (("missing", missing), ("unexpected", unexpected), ("misshaped", misshaped))
        if names
    ]
    return "\n".join(lines)


def _listed(kind: str, names: list[str]) -> str:
    return f"  {kind}: {len(names)}: {', '.join(names[:6])}{', ...' if len(names) > 6 else ''}"
