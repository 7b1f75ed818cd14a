"""The results table: every evaluation beside its control and the published number, and how each was obtained."""

import shlex
from collections.abc import Sequence
from typing import Any

from skelact.evaluate.result import Result
from skelact.report.markup import Html, join, missing, number, section, table, tag
from skelact.report.runs import Run

NUMBERS = (
    "Top-1 last",
    "Top-1 best",
    "Top-5 last",
    "Stand. last",
    "Control plain",
    "Control stand.",
    "Gain",
    "Published",
    "Clips train / test",
    "Seeds",
)


def results(runs: Sequence[Run]) -> Html:
    """The section: one table over all runs, a warning where a run does not beat its control, and how to read it."""
    several = len(runs) > 1
    found = [(run, result) for run in runs for result in run.evaluations.values()]
    if several:  # the same task side by side
        found.sort(key=lambda pair: (pair[1].label, pair[1].store, pair[1].split))
    parts = []
    if found:
        heads = ("Evaluation", *(("Run",) if several else ()), *NUMBERS)
        rows = [_row(result, run.name if several else None) for run, result in found]
        parts.append(table(heads, rows, range(len(heads) - len(NUMBERS), len(heads)), label="Results"))
        parts += [_warning(run, result) for run, result in found if result.last.top1 <= result.control.top1]
        parts.append(_reading(found))
    parts += [
        missing(f"{run.name} has no evaluation yet.", evaluate_command(run)) for run in runs if not run.evaluations
    ]
    return section("results", "Results", *parts)


def evaluate_command(run: Run) -> str:
    """The command that evaluates this run."""
    store = (run.config.get("stores") or [{}])[0]
    path, split = (shlex.quote(str(store.get(key, key.upper()))) for key in ("path", "split"))
    return f"skelact evaluate linear {shlex.quote(str(run.path))} --store {path} --split {split}"


def _row(result: Result, run: str | None) -> tuple[Any, ...]:
    spread = f" ± {number(result.std)}" if result.std is not None else ""
    return (
        join((tag("b", result.label), tag("small", f"{result.store}, {result.split}"))),
        *((tag("b", run),) if run else ()),
        tag("b", number(result.last.top1) + spread),
        number(result.best.top1),
        number(result.last.top5),
        number(result.standardised.top1),
        number(result.control.plain.top1),
        number(result.control.standardised.top1),
        f"{result.last.top1 - result.control.top1:+.1f}",
        tag("span", number(result.published.top1), title=result.published.source) if result.published else "–",
        f"{result.train_clips:,} / {result.test_clips:,}",
        result.seeds,
    )


def _warning(run: Run, result: Result) -> Html:
    words = (
        f"{run.name}: {result.label} on {result.store} {result.split} reaches {number(result.last.top1)}, its "
        f"control with random weights {number(result.control.top1)}. The encoder has learned nothing that this "
        "protocol can use, or its weights are not the ones that were trained."
    )
    return tag("p", words, class_="warning")


def _reading(found: Sequence[tuple[Run, Result]]) -> Html:
    """Plain sentences: what was measured, on what, by what."""
    general = (
        "Per cent of the test clips. Last: after the last epoch, the number to quote. Best: the highest of all test "
        "evaluations, chosen on the test clips themselves, as published scores are. Stand.: with each feature brought "
        "to zero mean and unit variance over the train clips. Control: the same protocol on the same network with "
        "random weights. Gain: last minus the stronger control. ±: standard deviation over the seeds."
    )
    several = len({run.name for run, _ in found}) > 1
    sentences = [sentence for run, result in found for sentence in _how(result, f"{run.name}: " if several else "")]
    listed = tag("ul", join(tag("li", sentence) for sentence in sentences))
    return tag("div", join((tag("p", general), listed)), class_="note")


def _how(result: Result, run: str) -> list[str]:
    """How the last number of one evaluation was obtained, and where the published one stands."""
    task = f"{run}{result.label}, {result.store} {result.split}"
    if result.by_k:
        scores = ", ".join(f"{_neighbours(result, k)}: {number(score.top1)}" for k, score in result.by_k.items())
        how = f"weighted vote of the nearest train clips by cosine ({scores}); nothing is trained, so best is last"
    else:
        epochs, lr = result.recipe.get("epochs", "?"), result.recipe.get("lr", "?")
        how = f"one linear layer on frozen features, {epochs} epochs, learning rate {lr}, mean of {result.seeds} seeds"
    sentences = [
        f"{task} ({result.rule}): {how}. {result.classes} classes: any class alike gets {number(result.chance)}, "
        f"always the most frequent one {number(result.majority)}. Took {number(result.seconds)} s, {result.date[:10]}."
    ]
    if result.published:
        number_and_source = f"{number(result.published.top1)}, {result.published.source}"
        sentences.append(f"{task}: published {number_and_source}, best test epoch.")
    return sentences


def _neighbours(result: Result, k: int) -> str:
    used = result.k_used.get(k, k)
    return f"k = {k}" if used == k else f"k = {k}, of which there are {used}"
