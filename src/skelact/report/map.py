"""A map of the test clips: their features in two dimensions by t-SNE, coloured by class."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Float32, Int64, Shaped
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from skelact.report.joined import Joined
from skelact.report.markup import Html, details, join, section, shorten, tag
from skelact.report.plots import class_colour, literal, plot
from skelact.report.results import unmeasured
from skelact.report.runs import Run

FEWEST = 5
"""Fewest different features for t-SNE."""
SAME = 1e-5
"""Features of unit length that differ by less are treated as equal."""
MOST_POINTS = 1500
"""Most clips drawn; of more, a random sample with a fixed seed."""


def feature_map(runs: Sequence[Run], found: Sequence[Joined]) -> Html:
    """The section: one map per run, store, split and stream, because all protocols share the features."""
    title, parts = "Map of the features", []
    seen: set[tuple[str | None, ...]] = set()
    for number, one in enumerate(found):
        key = (one.run.name, one.result.store, one.result.split, one.stream)
        features = None if key in seen else one.features()
        if features is None or one.predictions is None:
            continue
        seen.add(key)
        predictions = one.predictions
        content = plot_map(f"map-{number}", features, predictions.labels, predictions.names, one.classes)
        stream = f", {one.stream} stream" if one.stream else ""
        words = f"{one.run.name}: {one.result.store} {one.result.split}{stream}, {len(features):,} test clips"
        parts.append(details(words, content, opened=not parts))
    if not parts:
        return section("map", title, unmeasured("The features of the test clips or their store are missing.", runs[0]))
    note = (
        "t-SNE of the frozen features of test clips: near points have similar features; sizes of groups and gaps "
        f"between them mean little. At most {MOST_POINTS:,} clips, a random sample. Point at a dot to see its "
        "clip; click a class to hide it, twice to see it alone."
    )
    return section("map", title, tag("p", note, class_="note"), *parts)


def embedding(features: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n 2"]:
    """t-SNE of unit-length features (so that near means a high cosine), always the same for the same features.

    Fewer than 5 different ones are placed by their two main components. Clips with equal features lie on one point.
    """
    unit, point_of = _different(features)
    count, size = unit.shape
    if count < FEWEST:
        centred = unit - unit.mean(axis=0)
        points = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
        return np.pad(points, ((0, 0), (0, 2 - points.shape[1]))).astype(np.float32)[point_of]
    main = PCA(min(50, count, size), random_state=0).fit_transform(unit)
    perplexity = min(30.0, (count - 1) / 3)
    start = "pca" if main.shape[1] >= 2 else "random"
    return TSNE(2, perplexity=perplexity, init=start, random_state=0).fit_transform(main).astype(np.float32)[point_of]


def remark(features: Float[np.ndarray, "n d"]) -> str:
    """A warning about the features of a map; empty if there is none."""
    count, different = len(features), len(_different(features)[0])
    if different == 1:
        return (
            "One clip, one point."
            if count == 1
            else (
                f"The features do not vary: all {count:,} clips have the same features and lie on one point. The "
                "encoder does not distinguish them."
            )
        )
    few = "" if different >= FEWEST else " Too few for t-SNE: they are placed by their main components."
    if different < count:
        return (
            f"{count:,} clips have {different:,} different features; clips with equal features lie on one point.{few}"
        )
    return few.strip()


def _different(features: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, "k d"], Int64[np.ndarray, "n"]]:
    """Unit-length features that differ by more than rounding, in the order of the clips, and each clip's among them.

    t-SNE divides zero by zero and ends the process if features do not vary.
    """
    wide = features.astype(np.float64)  # the square of a large feature is beyond float32
    unit = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)
    _, first, group = np.unique((unit / SAME).round(), axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return unit[first[order]], np.argsort(order)[group.reshape(-1)]


def sample(count: int) -> Int64[np.ndarray, "shown"]:
    """Rows that are drawn, in order."""
    if count <= MOST_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MOST_POINTS, replace=False))


def plot_map(
    ident: str,
    features: Float[np.ndarray, "n d"],
    labels: Int64[np.ndarray, "n"],
    names: Shaped[np.ndarray, "n"],
    classes: Sequence[str],
) -> Html:
    """One point a clip; hovering names it."""
    rows = sample(len(features))
    points, labels, names = embedding(features[rows]), labels[rows], names[rows]
    figure = go.Figure()
    present = np.unique(labels)
    for index, action in enumerate(present):
        member = labels == action
        figure.add_scatter(
            x=points[member, 0].round(2),
            y=points[member, 1].round(2),
            mode="markers",
            name=literal(shorten(classes[int(action)], 32)),
            marker={"size": 6 if len(rows) > 300 else 9, "color": class_colour(index, len(present)), "opacity": 0.85},
            customdata=[literal(str(name)) for name in names[member]],
            hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
        )
    bare = {"showticklabels": False, "zeroline": False, "showgrid": False, "title": None}
    figure.update_layout(
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        xaxis=bare,
        yaxis={**bare, "scaleanchor": "x"},
        legend={"itemsizing": "constant", "font": {"size": 11}},
        meta={"wide_legend": True},
    )
    made, words = plot(figure, ident, "t-SNE map of the test clips", 560), remark(features[rows])
    return join((tag("p", words, class_="warning"), made)) if words else made
