"""The headline of the page, and all settings."""

import json
from collections.abc import Sequence
from typing import Any

from skelact.report.markup import Html, details, join, section, table, tag
from skelact.report.plots import RUN_COLOURS
from skelact.report.runs import Run


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested settings as dotted names and texts, in order."""
    if isinstance(value, dict) and value:
        found: dict[str, str] = {}
        for key, inner in value.items():
            found |= flat(inner, f"{prefix}.{key}" if prefix else str(key))
        return found
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        return flat({str(index): inner for index, inner in enumerate(value)}, prefix)
    return {prefix: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}


def configuration(runs: Sequence[Run]) -> Html:
    """All settings, one column per run; for several runs first those that differ."""
    columns = [flat(run.config) for run in runs]
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = [(tag("code", name), *(tag("code", column.get(name, "–")) for column in columns)) for name in names]
    heads = ("setting", *(run.name for run in runs))
    differing = [
        row for name, row in zip(names, rows, strict=True) if len({column.get(name) for column in columns}) > 1
    ]
    parts = []
    if len(runs) > 1:
        differ = (
            table(heads, differing, label="Settings that differ") if differing else tag("p", "None.", class_="note")
        )
        parts.append(details(f"Settings that differ ({len(differing)})", differ, opened=len(differing) <= 25))
    everything = table(heads, rows, label="All settings")
    parts.append(details(f"All settings ({len(rows)})", everything, opened=False))
    return section("configuration", "Configuration", *parts)


def headline(runs: Sequence[Run]) -> Html:
    """The page's title and the main facts about each run."""
    title = f"{_method(runs[0])}: {runs[0].name}" if len(runs) == 1 else f"{len(runs)} runs side by side"
    cards = join(_card(run, RUN_COLOURS[number % len(RUN_COLOURS)]) for number, run in enumerate(runs))
    return tag(
        "header",
        join((tag("p", "skelact report", class_="eyebrow"), tag("h1", title), tag("div", cards, class_="runs"))),
    )


def _card(run: Run, colour: str) -> Html:
    facts = [(name, value) for name, value in _facts(run) if value]
    listed = join(tag("div", join((tag("dt", name), tag("dd", value)))) for name, value in facts)
    head = tag("h2", join((tag("i", "", style=f"background:{colour}"), tag("span", run.name))))
    return tag("div", join((head, tag("dl", listed))), class_="run")


def _facts(run: Run) -> list[tuple[str, str]]:
    config = run.config
    prepared = lookup(config, "config.preparation")
    streams = lookup(config, "config.method.streams") or [lookup(config, "config.stream")]
    seed = lookup(config, "config.seed")
    stores = [f"{_last(store.get('path', '?'))} ({store.get('split', 'all')})" for store in config.get("stores") or []]
    seeds = sorted({result.seeds for result in run.evaluations.values()})
    machine = config.get("machine") or {}
    return [
        ("Method", _method(run)),
        ("Recipe", str(lookup(config, "config.recipe") or "")),
        ("Stream and preparation", ", ".join(filter(None, (*streams, prepared)))),
        ("Data and split", ", ".join(stores)),
        ("Trained", _trained(run)),
        ("Training seed", "" if seed is None else str(seed)),
        ("Evaluation seeds", ", ".join(map(str, seeds))),
        ("Started", str(config.get("started") or "").replace("T", " ").replace("+00:00", " UTC")),
        ("Machine", _machine(machine)),
        ("skelact", str(config.get("skelact") or "")),
    ]


def _method(run: Run) -> str:
    return ", then ".join(str(lookup(stage, "method.name") or "unknown method") for stage in run.stages)


def _trained(run: Run) -> str:
    if not run.metrics:
        return "" if _method(run) == "supervised" else "no step logged"
    last, epochs = run.metrics[-1], [lookup(stage, "epochs") for stage in run.stages]
    total = sum(epochs) if all(isinstance(count, int) for count in epochs) else "?"
    return f"{last['step']:,} steps, epoch {last.get('epoch', 0) + 1} of {total}"


def _machine(machine: dict[str, Any]) -> str:
    named = [str(machine[key]) for key in ("accelerator", "processor") if machine.get(key)]
    return ", ".join(named) + (f", threads: {machine['threads']}" if machine.get("threads") else "")


def lookup(config: Any, path: str) -> Any:
    """A setting by its dotted name, or None if it is missing."""
    value: Any = config
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _last(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]
