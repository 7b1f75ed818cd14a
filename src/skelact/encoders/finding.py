"""Finds the encoder in a checkpoint by the names of its tensors, with any prefix before them."""

import re
from collections import Counter
from dataclasses import dataclass

from skelact.encoders.stgcn.published import our_name
from skelact.encoders.stored import Table
from skelact.maths.streams import STREAMS, Stream
from skelact.system.world import SkelactError

_WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module")
"""Parts of names that DataParallel, FSDP and torch.compile add."""
_LEARNED = frozenset(("q", "query", "online", "student"))
_FOLLOWING = frozenset(["k", "key", "target", "teacher", "momentum", "ema", "averaged", "avg", "shadow", "slow"])
"""Words for a network that follows the weights of another one. The other is the trained one."""
_CONTRASTED = _FOLLOWING - {"ema", "averaged", "avg", "shadow", "slow"}
"""Those that only pretraining has. A moving average of weights can also belong to a trained classifier."""
_HEAD = r"\w*head\w*|cls\w*|class\w*|fc\w*|linear|logits|proj\w*|pred\w*|neck|mlp|prototypes?"
_BESIDE = re.compile(rf"({_HEAD}|\w*queue\w*|\w*bank\w*|n_averaged|\w*loss\w*|criterion|encoder\w*|\w*_k)(\.|$)")
"""Parts of a pretraining checkpoint outside the encoder: heads, banks, key networks, encoders of other streams."""


@dataclass(frozen=True)
class Found:
    """An encoder's tensors in a checkpoint."""

    where: str
    """Prefix of its names."""
    tensors: Table
    """Tensors of the encoder, under our names."""
    head: Table
    """`weight` and `bias` of a trained classifier; empty without one."""
    unexpected: Table
    """Tensors under the encoder's prefix that do not belong to an encoder."""
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Candidate:
    path: tuple[str, ...]
    prefix: str

    @property
    def where(self) -> str:
        return ".".join((*self.path, self.prefix)).removesuffix(".")

    @property
    def words(self) -> frozenset[str]:
        return frozenset(re.split(r"[._\W]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.where).lower()))


def find_encoder(tables: dict[tuple[str, ...], Table], stream: Stream, prefix: str | None = None) -> Found:
    """Find the encoder of `stream` in a checkpoint; `prefix` chooses if several are possible.

    Prefers the trained encoder to one that follows its weights, and the encoder of `stream` to those of other streams.
    SkelactError if there is none, or if several are possible.
    """
    tables = {path: _unwrapped(table) for path, table in tables.items()}
    candidates = [_Candidate(path, one) for path, table in tables.items() for one in _prefixes(table)]
    if not candidates:
        some = [name for table in tables.values() for name in table][:4]
        raise SkelactError(
            "not a checkpoint of the ST-GCN family: found "
            f"{sum(map(len, tables.values()))} tensors, none named st_gcn_networks.N.*; the first are "
            + ", ".join(f"{name:.60}" for name in some)
        )
    chosen = _chosen(candidates, tables, stream, prefix)
    table = tables[chosen.path]
    twins = [one for one in candidates if one != chosen and one.path == chosen.path and one.words & _CONTRASTED]
    nested = [one.prefix for one in candidates if one.path == chosen.path and len(one.prefix) > len(chosen.prefix)]
    mine = {
        name.removeprefix(chosen.prefix): tensor
        for name, tensor in table.items()
        if name.startswith(chosen.prefix) and not name.startswith(tuple(nested))
    }
    # A head beside a key network or a neck belongs to pretraining. SkeAttnCLR's classifier, too, is never trained.
    pretraining = bool(twins) or any(re.search(r"(^|\.)neck\.", name) for name in table)
    heads = [] if pretraining else [one for one in ("fc", "fcn") if {f"{one}.weight", f"{one}.bias"} & mine.keys()]
    head = {old: mine[f"{heads[0]}.{old}"] for old in ("weight", "bias") if heads and f"{heads[0]}.{old}" in mine}
    tensors = {ours: tensor for old, tensor in mine.items() if (ours := our_name(old)) is not None}
    rest = [
        old
        for old in mine
        if our_name(old) is None and not (heads and old in (f"{heads[0]}.weight", f"{heads[0]}.bias"))
    ]
    others = [name for name in table if not name.startswith(chosen.prefix) or name.startswith(tuple(nested))]
    elsewhere = [f"{'.'.join(path)}.{name}" for path, one in tables.items() if path != chosen.path for name in one]
    return Found(
        chosen.where,
        tensors,
        head,
        {name: mine[name] for name in rest if not _BESIDE.match(name)},
        (*rest, *others, *elsewhere),
    )


def _unwrapped(table: Table) -> Table:
    """Names without the wrappers' parts; unchanged if two names would become equal."""
    plain = {".".join(part for part in name.split(".") if part not in _WRAPPERS): name for name in table}
    return {short: table[name] for short, name in plain.items()} if len(plain) == len(table) else table


def _prefixes(table: Table) -> list[str]:
    """Prefixes of the family's names."""
    found = (re.match(r"(|.*?\.)st_gcn_networks\.\d+\.", name, re.DOTALL) for name in table)
    return list(Counter(match[1] for match in found if match))


def _chosen(
    candidates: list[_Candidate], tables: dict[tuple[str, ...], Table], stream: Stream, prefix: str | None
) -> _Candidate:
    if prefix is not None:
        plain = ".".join(part for part in prefix.split(".") if part and part not in _WRAPPERS)
        named = [one for one in candidates if plain in (one.where, one.prefix.removesuffix("."))]
        if len(named) != 1:
            raise SkelactError(f"expected one encoder under the prefix {prefix!r}, {_listed(candidates)}")
        return named[0]
    rest = candidates
    others = frozenset(STREAMS) - {stream}
    rest = [one for one in rest if not one.words & others]
    if not rest:
        raise SkelactError(f"expected an encoder of the {stream} stream, {_listed(candidates)}; choose with --stream")
    for better in (
        lambda one: stream in one.words,
        lambda one: not one.words & _FOLLOWING,
        lambda one: one.words & _LEARNED,
    ):
        rest = [one for one in rest if better(one)] or rest
    # The same tensors under two keys are one encoder.
    held = {frozenset(id(t) for name, t in tables[one.path].items() if name.startswith(one.prefix)) for one in rest}
    if len(held) > 1:
        raise SkelactError(f"expected one encoder, {_listed(rest)}; choose with --prefix")
    return rest[0]


def _listed(candidates: list[_Candidate]) -> str:
    names = ", ".join(f"{one.where or '(no prefix)':.80}" for one in candidates[:8])
    return f"found {len(candidates)}: {names}{', ...' if len(candidates) > 8 else ''}"
