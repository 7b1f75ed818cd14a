"""The protocols, one file each, and their only list. Other code asks the protocol and never looks at its name."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import create_model

from skelact.config import Config
from skelact.evaluation.protocols.clustering import ClusteringProtocol
from skelact.evaluation.protocols.finetune import FinetuneProtocol
from skelact.evaluation.protocols.fused import Fusion
from skelact.evaluation.protocols.knn import KnnProtocol
from skelact.evaluation.protocols.linear import LinearProtocol
from skelact.evaluation.protocols.protocol import Array, Protocol
from skelact.evaluation.protocols.retrieval import RetrievalProtocol
from skelact.evaluation.protocols.ridge import RidgeProtocol
from skelact.evaluation.protocols.semi import SemiProtocol
from skelact.evaluation.protocols.supervised import SupervisedProtocol
from skelact.evaluation.protocols.trained import Trained
from skelact.evaluation.protocols.transfer import TransferProtocol
from skelact.evaluation.results.outcome import Evaluation, Fused
from skelact.system.world import SkelactError

AnyProtocol = Protocol[Any, Any]

PROTOCOLS: tuple[AnyProtocol, ...] = (
    KnnProtocol(),
    RidgeProtocol(),
    RetrievalProtocol(),
    ClusteringProtocol(),
    LinearProtocol(),
    SemiProtocol(),
    FinetuneProtocol(),
    SupervisedProtocol(),
    TransferProtocol(),
)
"""In order of cost, which is the order of `skelact evaluate all`."""


class Choice(NamedTuple):
    """A protocol or preset of `skelact evaluate NAME`."""

    protocol: AnyProtocol
    options: Config
    """Default options."""
    words: str


def names() -> tuple[str, ...]:
    """Names of all protocols, the cheapest first."""
    return tuple(protocol.name for protocol in PROTOCOLS)


def protocol_named(name: str) -> AnyProtocol:
    """The protocol of this name. SkelactError where there is none."""
    for protocol in PROTOCOLS:
        if protocol.name == name:
            return protocol
    raise SkelactError(f"no protocol {name!r}; there are {', '.join(names())}")


def choices() -> dict[str, Choice]:
    """Every protocol by name, then every preset as `PROTOCOL-PRESET`."""
    own = {one.name: Choice(one, one.options(), one.words) for one in PROTOCOLS}
    presets = {
        f"{one.name}-{preset.name}": Choice(one, preset.options, preset.words)
        for one in PROTOCOLS
        for preset in one.presets
    }
    return own | presets


def kind_of(values: dict[str, Any]) -> type[Evaluation]:
    """The type of result in a file. Results of unknown protocols count as accuracies."""
    if "parts" in values:
        return Fused
    found = (protocol.result for protocol in PROTOCOLS if protocol.name == values.get("protocol"))
    return next(found, Trained.result)


def protocol_of(result: Evaluation) -> AnyProtocol:
    """The protocol that shows a result."""
    if isinstance(result, Fused):
        return Fusion()
    return next((protocol for protocol in PROTOCOLS if protocol.name == result.protocol), Trained())


def all_options() -> type[Config]:
    """The options of `skelact evaluate all`: those of each protocol that it runs."""
    fields: dict[str, Any] = {}
    for protocol in PROTOCOLS:
        if protocol.in_all:
            fields |= protocol.all_options()
    words = "Settings of each protocol."
    return create_model("AllConfig", __base__=Config, __doc__=words, __module__=__name__, **fields)


def planned(everything: Config, names: Array, labels: Array) -> Iterator[tuple[str, Config]]:
    """Name and options of every evaluation that `all` makes, in order, from its options and the train clips."""
    for protocol in PROTOCOLS:
        if protocol.in_all:
            for options in protocol.planned(everything, names, labels):
                yield protocol.name, options
