"""Several runs on the same test clips: accuracy of each class, one dot per run."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from skelact.report.joined import Joined
from skelact.report.markup import Html, details, join, shorten, tag
from skelact.report.plots import RUN_COLOURS, literal, plot


def comparisons(found: Sequence[Joined], runs: Sequence[str]) -> list[Html]:
    """A part for each protocol, store and split that several runs kept scores of. `runs` gives the order of colours."""
    groups: dict[tuple[str, str, str], list[Joined]] = {}
    for one in found:
        if one.predictions is not None:
            groups.setdefault((one.result.label, one.result.store, one.result.split), []).append(one)
    parts = []
    for number, ((label, store, split), group) in enumerate(groups.items()):
        if len(group) > 1:
            content = join((_names(group, runs), _plot(f"compare-{number}", group, runs)))
            parts.append(details(f"Runs side by side: {label}, {store} {split}", content, opened=not parts))
    return parts


def class_accuracy(one: Joined) -> np.ndarray:
    """Per cent of the test clips of each class that were given it; nan for a class without any."""
    if one.predictions is None:
        return np.full(len(one.classes), np.nan)
    labels, right = one.predictions.labels, one.predictions.best == one.predictions.labels
    clips = np.bincount(labels, minlength=len(one.classes))
    hits = np.bincount(labels[right], minlength=len(one.classes))
    return np.where(clips > 0, 100 * hits / np.maximum(clips, 1), np.nan)


def _plot(ident: str, group: Sequence[Joined], runs: Sequence[str]) -> Html:
    shares = np.stack([class_accuracy(one) for one in group])
    present = np.flatnonzero(np.isfinite(shares).all(axis=0))
    order = present[np.argsort(shares[:, present].mean(axis=0), kind="stable")]
    names = [group[0].classes[index] for index in order]
    figure = go.Figure()
    for number, (one, share) in enumerate(zip(group, shares, strict=True)):
        beside = 0.3 * (number / (len(group) - 1) - 0.5)  # so that equal runs do not hide each other
        figure.add_scatter(
            x=share[order],
            y=np.arange(len(order)) - beside,
            mode="markers",
            name=literal(one.run.name),
            marker={"size": 9, "color": _colour(one, runs), "opacity": 0.85},
            customdata=[literal(name) for name in names],
            hovertemplate="%{customdata}: %{x:.1f} %",
        )
    ticks = {
        "tickvals": list(range(len(names))),
        "ticktext": [literal(shorten(name)) for name in names],
    }
    figure.update_layout(
        showlegend=False,
        margin={"l": 8, "r": 20, "t": 4, "b": 34},
        xaxis={"range": [-3, 103], "ticksuffix": " %", "fixedrange": True},
        yaxis={**ticks, "zeroline": False, "tickfont": {"size": 11}, "fixedrange": True, "automargin": True},
    )
    return plot(figure, ident, "Accuracy of each class, by run", 60 + 22 * len(names))


def _names(group: Sequence[Joined], runs: Sequence[str]) -> Html:
    """Which colour is which run."""
    entries = [
        tag("span", join((tag("i", "", style=f"background:{_colour(one, runs)}"), tag("span", one.run.name)), ""))
        for one in group
    ]
    return tag("div", join(entries), class_="legend")


def _colour(one: Joined, runs: Sequence[str]) -> str:
    return RUN_COLOURS[list(runs).index(one.run.name) % len(RUN_COLOURS)]
