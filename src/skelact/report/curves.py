"""Training curves: one small panel per logged quantity, with all runs."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from skelact.maths.streams import STREAMS
from skelact.methods.parts import LOSS_PARTS
from skelact.report.markup import Html, join, missing, section, tag
from skelact.report.plots import RUN_COLOURS, literal, plot
from skelact.report.runs import Run
from skelact.report.settings import lookup
from skelact.train.probe import COLLAPSED_RANK, COLLAPSED_STD

NOT_CURVES = frozenset({"step", "epoch", "stage", "time", "seconds", "elapsed"})
TITLES = {
    "loss": "Loss",
    "lr": "Learning rate",
    "knn": "Online kNN, top-1 %",
    "feature_std": "Feature standard deviation",
    "effective_rank": "Effective rank of the features",
    "clips_per_second": "Clips a second",
}
"""The quantities that have a title of their own; the loss's named parts come right after the loss."""
AGAINST_BANK = ("info_nce", "d1", "d2", "global")
"""Losses that equal log(1 + K) while the key and all K entries of the bank are equally similar."""
SUMMED = (*AGAINST_BANK, "cross")
"""Parts of a sum loss, which itself has no such level."""
MOST_POINTS = 1200
"""Points drawn of one raw curve; a longer log is averaged in equal stretches."""


def curves(runs: Sequence[Run]) -> Html:
    """The section with all panels, or what makes them."""
    panels = [_panel(name, index, runs) for index, name in enumerate(_names(runs))]
    if not panels:
        return section("training", "Training", missing("There is no training log.", "skelact pretrain"))
    without = [run.name for run in runs if not run.metrics]
    note = tag(
        "p",
        "Faint: as logged. Strong: Gaussian running mean (standard deviation 1/80 of the log)."
        + (f" No log in {', '.join(without)}." if without else ""),
        class_="note",
    )
    return section("training", "Training", note, tag("div", join(panels), class_="panels"))


def series(run: Run, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values of one logged quantity, where it was logged; at most MOST_POINTS of them."""
    pairs = [(entry["step"], entry[name]) for entry in run.metrics if _is_number(entry.get(name))]
    steps, values = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    stretch = math.ceil(len(steps) / MOST_POINTS)
    if stretch > 1:
        starts = np.arange(0, len(steps), stretch)
        share = np.diff(np.append(starts, len(steps)))
        steps, values = (np.add.reduceat(column, starts) / share for column in (steps, values))
    return steps, values


def smooth(values: Float[np.ndarray, "points"], window: float) -> Float[np.ndarray, "points"]:
    """Mean of the neighbours, weighted by a Gaussian of standard deviation `window` points; ends use what there is."""
    reach = math.ceil(3 * window)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / window) ** 2)
    finite = np.isfinite(values)
    whole = np.convolve(np.where(finite, values, 0.0), weights)[reach : reach + len(values)]
    share = np.convolve(finite.astype(float), weights)[reach : reach + len(values)]
    return np.divide(whole, share, out=np.full(len(values), np.nan), where=share > 1e-12)


def _names(runs: Sequence[Run]) -> list[str]:
    """Logged quantities in the order shown: the loss, its parts as logged, then the rest of TITLES."""
    logged = dict.fromkeys(
        key for run in runs for entry in run.metrics for key, value in entry.items() if _is_number(value)
    )
    parts = [key for key in logged if _of_stream(key)[0] not in TITLES and key not in NOT_CURVES]
    known = [key for title in TITLES for key in logged if _of_stream(key)[0] == title]
    return known[:1] + parts + known[1:] if known[:1] == ["loss"] else known + parts


def _of_stream(key: str) -> tuple[str, str]:
    """A logged name without the stream before it, and that stream, empty where there is none."""
    stream, _, rest = key.partition("/")
    return (rest, stream) if stream in STREAMS else (key, "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _panel(name: str, index: int, runs: Sequence[Run]) -> Html:
    figure = go.Figure()
    level = None
    for number, run in enumerate(runs):
        steps, values = series(run, name)
        if not len(steps):
            continue
        _draw(figure, steps, values, run.name, RUN_COLOURS[number % len(RUN_COLOURS)])
        level = level or reference(run, name)
    if level:
        value, words = level
        figure.add_hline(y=value, line={"dash": "dot", "width": 1.5, "color": "#8a8f98"})
        figure.add_annotation(
            xref="paper", x=1, y=value, text=literal(words), showarrow=False, xanchor="right", yanchor="bottom"
        )
    part, stream = _of_stream(name)
    title = TITLES.get(part) or (f"Online kNN on {part[4:]}, top-1 %" if part.startswith("knn/") else part)
    title += f": {LOSS_PARTS[part]}" if part in LOSS_PARTS else ""
    title += f" ({stream})" if stream else ""
    # Otherwise values close to chance would get ticks of nine digits.
    from_zero = part == "lr" or part.startswith("knn")
    figure.update_layout(
        showlegend=False,
        margin={"l": 52, "r": 12, "t": 8, "b": 38},
        hovermode="x unified",
        xaxis={"title": {"text": "step", "standoff": 6}, "nticks": 6},
        yaxis={"nticks": 6, "exponentformat": "power", "rangemode": "tozero" if from_zero else "normal"},
    )
    return tag("div", join((tag("h3", title), plot(figure, f"curve-{index}", f"{title} by step", 230))), class_="panel")


def _draw(figure: go.Figure, steps: np.ndarray, values: np.ndarray, run: str, colour: str) -> None:
    """Raw and smoothed lines for a dense log, points for a sparse one."""
    if len(steps) < 40:
        mode = "lines+markers"
        figure.add_scatter(
            x=steps, y=values, mode=mode, name=literal(run), line={"color": colour, "width": 2}, marker={"size": 6}
        )
        return
    line = {"color": colour, "width": 1}
    figure.add_scatter(x=steps, y=values, mode="lines", line=line, opacity=0.28, hoverinfo="skip", name=literal(run))
    mean = smooth(values, len(values) / 80)
    figure.add_scatter(x=steps, y=mean, mode="lines", line={"color": colour, "width": 2.2}, name=literal(run))


def reference(run: Run, name: str) -> tuple[float, str] | None:
    """The level of a quantity at which nothing was learned, and its label; None if it has none."""
    name, _ = _of_stream(name)
    if name == "feature_std":
        return COLLAPSED_STD, "collapsed below"
    if name == "effective_rank":
        return COLLAPSED_RANK, "collapsed below"
    if name == "knn" or name.startswith("knn/"):
        stores = {Path(str(store.get("path"))).name for store in run.config.get("stores") or []}
        asked = {name[4:]} if name.startswith("knn/") else stores
        chances = {result.chance for result in run.evaluations.values() if {result.store} == asked}
        return (chances.pop(), "chance") if len(chances) == 1 else None
    if len(run.stages) > 1:
        return None  # stages have banks of their own
    bank = lookup(run.config, "config.method.bank")
    parts = {_of_stream(key)[0] for entry in run.metrics for key in entry}
    alone = name == "loss" and parts.isdisjoint(SUMMED)
    if isinstance(bank, int) and (name in AGAINST_BANK or alone):
        return math.log(1 + bank), f"log(1 + {bank})"
    return None
