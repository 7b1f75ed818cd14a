"""Retrieval on frozen features: test clips search for clips of their class by cosine; mAP and recall@k."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, PositiveInt

from skelact.config import Config
from skelact.evaluation.protocols.protocol import Case, Protocol, Task
from skelact.evaluation.results.outcome import Evaluation
from skelact.evaluation.results.scored import Scored
from skelact.evaluation.results.table import Figure
from skelact.system.world import SkelactError


class RetrievalConfig(Config):
    """Settings of retrieval."""

    gallery: Literal["train", "test"] = "train"
    """Clips that a test clip searches: the train clips, or all other test clips (leave one out)."""
    recall: tuple[PositiveInt, ...] = Field(default=(1, 5), min_length=1)
    """The k of recall@k."""


class Ranked(Config):
    """Mean average precision and recall at k of the test clips that have a clip of their class to find, per cent."""

    map: float
    recall: dict[int, float]
    """Per cent of the queries with a clip of their own class among the first k."""


class RankedControl(Ranked):
    """Random encoders: the stronger of plain and standardised features by map, and both."""

    plain: Ranked
    standardised: Ranked


class Retrieved(Evaluation, Ranked):
    """One evaluation by retrieval."""

    queries: int
    """Test clips with at least one clip of their class to find; the others are left out."""
    standardised: Ranked
    control: RankedControl


class RetrievalProtocol(Protocol[RetrievalConfig, Retrieved]):
    """Whether clips of a class are found first."""

    name = "retrieval"
    words = "Test clips search the train clips for clips of their class."
    options = RetrievalConfig
    result = Retrieved
    reading = (
        "Retrieval: test clips search the train clips by cosine; mAP is the mean average precision, recall@k the per "
        "cent with a clip of their class among the first k."
    )

    def measure(self, case: Case, options: RetrievalConfig, seeds: Sequence[int], name: str) -> Scored:
        from skelact.evaluation.control import of_random
        from skelact.train.task import standardised

        trained = case.task(case.encoder)
        precision = _search(trained, options)[0]
        found = ranked(trained, options)
        plain, scaled = of_random(case.encoder.card, seeds, case.task, lambda task, _: ranked(task, options))
        fields = {
            **dict(found),
            "queries": int(precision.isfinite().sum()),
            "standardised": ranked(standardised(trained), options),
            "control": _control(_mean(plain), _mean(scaled)),
        }
        return Scored(fields, precision.float().cpu(), "precision")

    def figures(self, result: Retrieved) -> list[Figure]:
        scaled, control = result.standardised, result.control
        recalls = (
            Figure(f"recall@{k}", value, None, scaled.recall[k], control.recall[k])
            for k, value in result.recall.items()
        )
        return [Figure("mAP", result.map, None, scaled.map, control.map), *recalls]


def ranked(task: Task, options: RetrievalConfig) -> Ranked:
    """Means over the queries that have something to find. SkelactError where none has."""
    precision, first = _search(task, options)
    asked = precision.isfinite()
    if not bool(asked.any()):
        raise SkelactError(f"retrieval: none of the {len(asked)} test clips has a clip of its class to find")
    recall = {k: 100 * float((first[asked] <= k).double().mean()) for k in options.recall}
    return Ranked(map=100 * float(precision[asked].mean()), recall=recall)


def _search(task: Task, options: RetrievalConfig):
    """Average precision of each test clip, and the rank of its first hit."""
    from skelact.maths.ranking import average_precisions

    if options.gallery == "test":
        return average_precisions(task.test, task.test_labels)
    return average_precisions(task.test, task.test_labels, task.train, task.train_labels)


def _mean(several: Sequence[Ranked]) -> Ranked:
    count = len(several)
    recall = {k: sum(one.recall[k] for one in several) / count for k in several[0].recall}
    return Ranked(map=sum(one.map for one in several) / count, recall=recall)


def _control(plain: Ranked, scaled: Ranked) -> RankedControl:
    stronger = max(plain, scaled, key=lambda one: one.map)
    return RankedControl(**dict(stronger), plain=plain, standardised=scaled)
