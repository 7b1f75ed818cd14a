"""Results by class: accuracy of each class, confusion matrix, most confused pairs."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Int64

from skelact.report.compare import comparisons
from skelact.report.joined import Joined
from skelact.report.markup import Html, details, join, number, section, shorten, table, tag
from skelact.report.plots import RUN_COLOURS, literal, plot
from skelact.report.results import unmeasured
from skelact.report.runs import Predictions, Run

FEW = 30
"""With this many classes or fewer the cells of the matrix show their numbers."""


def confusion(labels: Int64[np.ndarray, "n"], predicted: Int64[np.ndarray, "n"], k: int) -> Int64[np.ndarray, "k k"]:
    """Clips by true class (row) and predicted class (column)."""
    return np.bincount(labels * k + predicted, minlength=k * k).reshape(k, k)


def classes(runs: Sequence[Run], found: Sequence[Joined]) -> Html:
    """The section: everything by class of each evaluation that kept its scores."""
    parts = comparisons(found, [run.name for run in runs])
    for index, one in enumerate(found):
        if one.predictions is None:
            words = f"{one.title}: the scores of the test clips (.npz) are missing."
            parts.append(unmeasured(words, one.run))
        else:
            parts.append(details(one.title, _by_class(f"classes-{index}", one.predictions, one.classes), not parts))
    if not parts:
        parts.append(unmeasured("No predictions yet.", runs[0]))
    return section("classes", "Classes", *parts)


def _by_class(ident: str, found: Predictions, names: Sequence[str]) -> Html:
    counts = confusion(found.labels.astype(np.int64), found.best.astype(np.int64), len(names))
    return join(
        (
            tag("h3", "Accuracy of each class"),
            plot_accuracy(f"{ident}-accuracy", counts, names),
            tag("h3", "Confusion matrix"),
            tag("p", "Rows: true class; columns: predicted class; per cent of the row.", class_="note"),
            plot_matrix(f"{ident}-matrix", counts, names),
            tag("h3", "Confused most"),
            most_confused(counts, names),
        )
    )


def plot_accuracy(ident: str, counts: Int64[np.ndarray, "k k"], classes: Sequence[str]) -> Html:
    """Bars, best class first; classes without a test clip are left out."""
    clips = counts.sum(axis=1)
    present = np.flatnonzero(clips)
    share = 100 * counts.diagonal()[present] / clips[present]
    order = np.argsort(share, kind="stable")
    names = [classes[int(action)] for action in present[order]]
    figure = go.Figure(
        go.Bar(
            x=share[order],
            y=np.arange(len(order)),
            orientation="h",
            marker={"color": RUN_COLOURS[0]},
            text=[f"{value:.0f}" for value in share[order]],
            textposition="outside",
            cliponaxis=False,
            customdata=[[literal(name), int(clips[k])] for name, k in zip(names, present[order], strict=True)],
            hovertemplate="%{customdata[0]}: %{x:.1f} % of %{customdata[1]} clips<extra></extra>",
        )
    )
    figure.update_layout(
        margin={"l": 8, "r": 34, "t": 4, "b": 34},
        bargap=0.25,
        xaxis={"range": [0, 100], "ticksuffix": " %", "fixedrange": True},
        yaxis={**_ticks(names), "fixedrange": True, "automargin": True, "showgrid": False},
    )
    return plot(figure, ident, "Accuracy of each class", 60 + 19 * len(names))


def plot_matrix(ident: str, counts: Int64[np.ndarray, "k k"], classes: Sequence[str]) -> Html:
    """Row-normalised heat map; the exact counts are shown on hover, and in the cells where there is room."""
    count = len(classes)
    share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cell = min(64, max(30, 420 // count)) if count <= FEW else 15
    names = [literal(name) for name in classes]
    figure = go.Figure(
        go.Heatmap(
            z=share.round(1),
            zmin=0,
            zmax=100,
            xgap=1,
            ygap=1,
            colorbar={"thickness": 12, "ticksuffix": " %", "outlinewidth": 0},
            customdata=[
                [[names[row], names[col], int(counts[row, col])] for col in range(count)] for row in range(count)
            ],
            hovertemplate="true %{customdata[0]}<br>predicted %{customdata[1]}<br>"
            "%{customdata[2]} clips, %{z:.1f} %<extra></extra>",
            text=[[f"{value:.0f}" if value >= 0.5 else "" for value in row] for row in share] if count <= FEW else None,
            texttemplate="%{text}" if count <= FEW else None,
            textfont={"size": 11},
        )
    )
    size = 11 if count <= FEW else 9
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={**_ticks(classes, size), "tickangle": -60, "automargin": True, "showgrid": False},
        yaxis={**_ticks(classes, size), "autorange": "reversed", "automargin": True, "showgrid": False},
    )
    room = 7 * max(len(shorten(name)) for name in classes)
    least = room + 90 + cell * count
    return plot(figure, ident, "Confusion matrix", room + 30 + cell * count, least, most_width=least + 60)


def most_confused(counts: Int64[np.ndarray, "k k"], classes: Sequence[str], most: int = 8) -> Html:
    """The pairs of classes with the most clips taken for each other, both ways added up."""
    both = np.triu(counts + counts.T, 1)
    order = [divmod(int(cell), len(classes)) for cell in np.argsort(-both, axis=None, kind="stable")[:most]]
    clips = counts.sum(axis=1)
    rows = []
    for one, other in order:
        if both[one, other]:
            share = 100 * both[one, other] / (clips[one] + clips[other])
            rows.append((f"{classes[one]} ↔ {classes[other]}", int(both[one, other]), number(share)))
    if not rows:
        return tag("p", "None: every test clip was classified correctly.", class_="note")
    return table(("classes", "clips", "% of both"), rows, numbers=(1, 2), label="Pairs confused most")


def _ticks(names: Sequence[str], size: int = 11) -> dict:
    texts = [literal(shorten(name)) for name in names]
    return {"tickvals": list(range(len(names))), "ticktext": texts, "tickfont": {"size": size}, "zeroline": False}
