"""The results table: every evaluation with its control and published number, and how each was obtained."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skelact.data.measurable import measurable
from skelact.data.splits import ALL
from skelact.data.store import Store
from skelact.evaluation.protocols import protocol_of
from skelact.evaluation.results.outcome import Classified, Evaluation, Result
from skelact.evaluation.results.table import FEW
from skelact.maths.accuracy import Accuracy
from skelact.report.markup import Html, join, missing, number, section, table, tag, text
from skelact.report.runs import Run
from skelact.system.world import SkelactError

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
    everything = [(run, result) for run in runs for result in run.evaluations.values()]
    if several:  # the same task side by side
        everything.sort(key=lambda pair: (pair[1].label, pair[1].store, pair[1].split))
    found = [(run, result) for run, result in everything if isinstance(result, Classified)]
    parts = []
    if found:
        heads = ("Evaluation", *(("Run",) if several else ()), *NUMBERS)
        rows = [_row(result, run.name if several else None) for run, result in found]
        parts.append(table(heads, rows, range(len(heads) - len(NUMBERS), len(heads)), label="Results"))
        parts += _warnings(found)
        parts.append(_reading(found))
    measured = [(run, result) for run, result in everything if not isinstance(result, Classified)]
    if measured:
        parts.append(_figures(measured, several))
    parts += [unmeasured(f"{run.name} has no evaluation yet.", run) for run in runs if not run.evaluations]
    return section("results", "Results", *parts)


def unmeasured(what: str, run: Run) -> Html:
    """A note that something is missing, with the command that evaluates the run if its store has labels."""
    store = (run.config.get("stores") or [{}])[0]
    path, split = (str(store.get(key, key.upper())) for key in ("path", "split"))
    lack = "labels to evaluate by"
    try:
        opened = Store.open(Path(path))
        name = measurable(opened, split)
        lack = "split with labels on both sides" if (opened.table["action"] >= 0).any() else lack
    except SkelactError:
        name = "SPLIT" if split == ALL else split  # unknown while the store is not there
    where = f"{shlex.quote(str(run.path))} --store {shlex.quote(path)}"
    if name is None:
        words = f"{what} {Path(path).name} has no {lack}. To write its features, run: "
        return tag(
            "p",
            join((Html(text(words)), tag("code", f"skelact embed {where} --out features.npz")), ""),
            class_="missing",
        )
    return missing(what, f"skelact evaluate linear {where} --split {shlex.quote(name)}")


def _row(result: Classified, run: str | None) -> tuple[Any, ...]:
    of_its_own = result if isinstance(result, Result) else None  # a fusion has no control and no seeds
    spread = f" ± {number(of_its_own.std)}" if of_its_own and of_its_own.std is not None else ""
    return (
        _named(result),
        *((tag("b", run),) if run else ()),
        tag("b", number(result.last.top1) + spread),
        number(of_its_own and of_its_own.best.top1),
        number(result.last.top5 if result.classes > FEW else None),
        _top1(of_its_own and of_its_own.standardised),
        _top1(of_its_own and of_its_own.control.plain),
        _top1(of_its_own and of_its_own.control.standardised),
        f"{result.last.top1 - of_its_own.control.top1:+.1f}" if of_its_own else "–",
        tag("span", number(result.published.top1), title=result.published.source) if result.published else "–",
        f"{result.train_clips:,} / {result.test_clips:,}",
        result.seeds,
    )


def _named(result: Evaluation) -> Html:
    return join((tag("b", result.label), tag("small", f"{result.store}, {result.split}")))


def _top1(accuracy: Accuracy | None) -> str:
    return number(accuracy and accuracy.top1)


def _figures(found: Sequence[tuple[Run, Evaluation]], several: bool) -> Html:
    """Results that are not accuracies: every figure beside its control, a row each."""
    heads = (
        "Evaluation",
        *(("Run",) if several else ()),
        "Figure",
        "Plain",
        "Stand.",
        "Control",
        "Test clips",
        "Seeds",
    )
    rows = [
        (
            _named(result),
            *((tag("b", run.name),) if several else ()),
            figure.name,
            *map(number, (figure.last, figure.standardised, figure.control)),
            f"{result.test_clips:,}",
            result.seeds,
        )
        for run, result in found
        for figure in protocol_of(result).figures(result)
    ]
    control = "Control: the same on random weights, the stronger of plain and standardised features."
    words = " ".join((*_readings(found), control))
    numbers = range(len(heads) - 5, len(heads))
    return join((table(heads, rows, numbers, label="Other figures"), tag("p", words, class_="note")))


def _readings(found: Sequence[tuple[Run, Evaluation]]) -> dict[str, None]:
    """Sentences of the protocols about their figures, without repetitions."""
    return dict.fromkeys(filter(None, (protocol_of(result).reading for _, result in found)))


def _warnings(found: Sequence[tuple[Run, Classified]]) -> list[Html]:
    """A warning for each kind of result that is no better than its control."""
    reasons: dict[str, list[str]] = {}
    for run, result in found:
        if isinstance(result, Result) and result.last.top1 <= result.control.top1:
            reasons.setdefault(protocol_of(result).warning, []).append(
                f"{run.name}: {result.label} on {result.store} {result.split} reaches {number(result.last.top1)}, its "
                f"control with random weights {number(result.control.top1)}."
            )
    return [
        tag("div", join(tag("p", words) for words in (*cases, why)), class_="warning") for why, cases in reasons.items()
    ]


def _reading(found: Sequence[tuple[Run, Classified]]) -> Html:
    """How to read the table, and how each number was obtained."""
    general = (
        "Per cent of the test clips. Last: after the last epoch, the number to quote. Best: the highest of all test "
        "evaluations, chosen on the test clips themselves, as for published scores. Stand.: with each feature brought "
        "to zero mean and unit variance over the train clips. Top-5: of more than five classes. Control: the same "
        "protocol on the same network with random weights. Gain: last minus the stronger control. ±: standard "
        "deviation over the seeds."
    )
    general = " ".join((general, *_readings(found)))
    several = len({run.name for run, _ in found}) > 1
    sentences = [sentence for run, result in found for sentence in _how(result, f"{run.name}: " if several else "")]
    listed = tag("ul", join(tag("li", sentence) for sentence in sentences))
    return tag("div", join((tag("p", general), listed)), class_="note")


def _how(result: Classified, run: str) -> list[str]:
    """How `last` of one evaluation was obtained, and the published number."""
    task = f"{run}{result.label}, {result.store} {result.split}"
    how = protocol_of(result).how(result)
    sentences = [
        f"{task} ({result.rule}): {how}. {result.classes} classes: uniform random guessing gets "
        f"{number(result.chance)}, always the most frequent class {number(result.majority)}. "
        f"Took {number(result.seconds)} s, {result.date[:10]}."
    ]
    if result.published:
        number_and_source = f"{number(result.published.top1)}, {result.published.source}"
        sentences.append(f"{task}: published {number_and_source}, best test epoch.")
    return [*sentences, *([f"{task}: {'; '.join(result.notes)}."] if result.notes else [])]
