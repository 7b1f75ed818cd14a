"""Retrieval on frozen features: test clips search for clips of their class, by cosine; mAP and recall at k."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torch.nn import functional

from skelact.evaluation.case import Case, Scored
from skelact.evaluation.config import RetrievalConfig
from skelact.evaluation.control import of_random
from skelact.evaluation.outcome import Ranked, RankedControl
from skelact.evaluation.task import Task, standardised
from skelact.maths.neighbours import PIECE
from skelact.system.world import SkelactError


def retrieval(case: Case, config: RetrievalConfig, seeds: Sequence[int]) -> Scored:
    """mAP and recall of the encoder, plain and standardised, and of random encoders."""
    trained = case.task(case.encoder)
    precision = average_precisions(trained, config)[0]
    found = ranked(trained, config)
    plain, scaled = of_random(case.encoder.card, seeds, case.task, lambda given, _: ranked(given, config))
    fields = {
        **dict(found),
        "queries": int(precision.isfinite().sum()),
        "standardised": ranked(standardised(trained), config),
        "control": _control(_mean(plain), _mean(scaled)),
    }
    return Scored(fields, precision.float().cpu(), "precision")


def ranked(task: Task, config: RetrievalConfig) -> Ranked:
    """Means over the queries that have something to find. SkelactError where none has."""
    precision, first = average_precisions(task, config)
    asked = precision.isfinite()
    if not bool(asked.any()):
        raise SkelactError(f"retrieval: none of the {len(asked)} test clips has a clip of its class to find")
    recall = {k: 100 * float((first[asked] <= k).double().mean()) for k in config.recall}
    return Ranked(map=100 * float(precision[asked].mean()), recall=recall)


def average_precisions(task: Task, config: RetrievalConfig) -> tuple[Float[Tensor, "n"], Int64[Tensor, "n"]]:
    """Average precision of each test clip, nan where its class is not to be found, and the rank of the first hit.

    Among clips of equal similarity those of the own class come last, so that features that tell nothing apart gain
    nothing from the order of the store.
    """
    own = config.gallery == "test"
    gallery, labels = (task.test, task.test_labels) if own else (task.train, task.train_labels)
    queries, gallery = functional.normalize(task.test, dim=1), functional.normalize(gallery, dim=1)
    size = max(1, PIECE // len(gallery))
    precisions, firsts = [], []
    for start in range(0, len(queries), size):
        piece = queries[start : start + size]
        similarity = piece @ gallery.T
        relevant = task.test_labels[start : start + size, None] == labels
        if own:  # the query itself goes behind everything and is no hit
            itself = torch.arange(start, start + len(piece), device=piece.device)[:, None]
            similarity.scatter_(1, itself, -torch.inf)
            relevant.scatter_(1, itself, False)
        hits = _in_order(similarity, relevant)
        place = torch.arange(1, len(gallery) + 1, device=hits.device)
        count = hits.sum(1)
        precisions.append((hits.cumsum(1) / place * hits).double().sum(1) / count)  # nan without a hit
        firsts.append(torch.where(count > 0, hits.int().argmax(1) + 1, len(gallery) + 1))
    return torch.cat(precisions), torch.cat(firsts)


def _in_order(similarity: Float[Tensor, "n clips"], relevant: Bool[Tensor, "n clips"]) -> Bool[Tensor, "n clips"]:
    """`relevant` from the most similar clip to the least; ties with the relevant ones last."""
    others_first = relevant.int().argsort(dim=1, stable=True)
    order = similarity.gather(1, others_first).argsort(dim=1, descending=True, stable=True)
    return relevant.gather(1, others_first.gather(1, order))


def _mean(several: Sequence[Ranked]) -> Ranked:
    count = len(several)
    recall = {k: sum(one.recall[k] for one in several) / count for k in several[0].recall}
    return Ranked(map=sum(one.map for one in several) / count, recall=recall)


def _control(plain: Ranked, scaled: Ranked) -> RankedControl:
    stronger = max(plain, scaled, key=lambda one: one.map)
    return RankedControl(**dict(stronger), plain=plain, standardised=scaled)
