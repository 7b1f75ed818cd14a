"""The attention mask of a SkeAttnCLR run, on skeletons and as joints over time."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Float32

from skelact.data.recording import Recording
from skelact.data.store import Store
from skelact.evaluation.attention import attention_maps, load_attention
from skelact.report.clips import choose
from skelact.report.joined import Stores
from skelact.report.markup import Html, details, join, missing, section, tag, text
from skelact.report.plots import literal, plot
from skelact.report.poses import poses
from skelact.report.runs import Run
from skelact.report.settings import lookup
from skelact.runs import RunFolder
from skelact.skeleton import Skeleton

MOST_CLIPS = 4
SIZE = 240
"""Width and height of a skeleton's picture, in pixels."""
NAMED = 3
"""Number of most and least salient joints that are named."""


def attention(runs: Sequence[Run], stores: Stores) -> Html | None:
    """The section, or None if no run is of SkeAttnCLR."""
    attending = [run for run in runs if lookup(run.stages[-1], "method.name") == "skeattnclr"]
    if not attending:
        return None
    note = (
        "SkeAttnCLR's mask says how salient each entry of the feature map is (mean over channels, whole clips, no "
        "parts swapped). The skeleton shows the mean over time, in the pose of the time with the highest mean: larger "
        "and stronger joints are more salient. Each person has an own scale, from the lowest to the highest value: "
        "check how far these are apart. An untrained mask is 0.5 everywhere."
    )
    parts = [_of_run(f"attention-{number}", run, stores) for number, run in enumerate(attending)]
    return section("attention", "Attention", tag("p", note, class_="note"), *parts)


def _of_run(ident: str, run: Run, stores: Stores) -> Html:
    paths = [Path(str(store.get("path"))) for store in run.config.get("stores") or []]
    store = next((stores.there[path] for path in paths if path in stores.there), None)
    if store is None:
        return missing(f"{run.name}: the store that it was trained on is missing.")
    if not RunFolder(run.path).checkpoint.exists():
        return missing(f"{run.name}: there is no checkpoint, which the mask is computed from.", "skelact pretrain")
    found = load_attention(run.path)
    labels = store.table["action"]
    rows = choose(labels, np.zeros(len(store), dtype=bool), store.table["persons"] > 1, MOST_CLIPS)
    prepared = store.prepared(found.card.preparation, found.card.frames, progress=False).clips[rows]
    skeleton = found.card.skeleton
    clips = found.card.entrance.joints(prepared, store.skeleton, store.meta.units).numpy()
    maps = attention_maps(found, clips)
    up = "+y" if found.card.preparation == "robust" else skeleton.up  # robust turns clips upright
    drawn = skeleton.model_copy(update={"up": up, "handedness": "right"})
    cards = [
        _clip(f"{ident}-{number}", store, row, clips[number], maps[number], drawn) for number, row in enumerate(rows)
    ]
    return details(f"{run.name}: {len(rows)} clips of {store.name}, mask {_range(maps)}", join(cards), opened=True)


def _range(values: Float[np.ndarray, "..."]) -> str:
    """Lowest to highest, with enough digits to distinguish them."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    digits = _digits(low, high)
    return f"from {low:.{digits}f} to {high:.{digits}f}"


def _digits(low: float, high: float) -> int:
    return 2 if high <= low else min(6, max(2, 1 - math.floor(math.log10(high - low))))


def _clip(
    ident: str,
    store: Store,
    row: int,
    clip: Float32[np.ndarray, "3 t v m"],
    maps: Float32[np.ndarray, "m s v"],
    skeleton: Skeleton,
) -> Html:
    """A clip's heading, its skeleton, and a heat map of each person."""
    action, name = int(store.table["action"][row]), str(store.table["name"][row])
    label = store.classes[action] if 0 <= action < len(store.classes) else "class unknown"
    here = [person for person in range(len(maps)) if np.isfinite(maps[person]).all()]
    by_joint = maps[here].mean((0, 1))
    order = np.argsort(-by_joint, kind="stable")
    digits = _digits(float(by_joint.min()), float(by_joint.max()))
    most, least = (
        ", ".join(f"{skeleton.joints[joint]} {by_joint[joint]:.{digits}f}" for joint in joints)
        for joints in (order[:NAMED], order[::-1][:NAMED])
    )
    heats = [
        plot(
            heat_map(maps[person], skeleton, clip.shape[1], f"person {person + 1}" if len(here) > 1 else ""),
            f"{ident}-{person}",
            f"Attention of {name} by joint and time",
            70 + 14 * len(skeleton),
        )
        for person in here
    ]
    picture = tag("div", body(clip, maps, skeleton, f"Attention on the skeleton of {name}"))
    head = (tag("h3", label), tag("p", f"{name}. Most: {most}. Least: {least}.", class_="note"))
    return join((*head, tag("div", join((picture, tag("div", join(heats)))), class_="attended")))


def body(
    clip: Float32[np.ndarray, "3 t v m"],
    maps: Float32[np.ndarray, "m s v"],
    skeleton: Skeleton,
    label: str,
) -> Html:
    """An SVG of everybody in a prepared clip at the time most attended to; each joint by its mean over time."""
    persons, frames = clip.shape[3], clip.shape[1]
    here = [person for person in range(persons) if np.isfinite(maps[person]).all()]
    joints = np.ascontiguousarray(clip.transpose(1, 3, 2, 0)[:, here])
    # A zero in a prepared clip is the centre; only whole persons are absent.
    absent = np.logical_not(np.any(joints, axis=(2, 3), keepdims=True))[..., 0]
    missing = np.tile(absent, len(skeleton))
    recording = Recording("", joints, np.tile(np.arange(len(here)), (frames, 1)), missing=missing)
    times = maps.shape[1]
    moment = int((maps[here].mean((0, 2)).argmax() + 0.5) * frames / times)
    shown = poses(recording, skeleton).joints[moment]
    lines, dots = [], []
    for points, values in zip(_placed(shown), maps[here].mean(1), strict=True):
        if not np.isfinite(points).all():
            continue
        for joint, parent in skeleton.bones:
            (x1, y1), (x2, y2) = points[joint], points[parent]
            lines.append(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>')
        for (x, y), share in zip(points, _share(values), strict=True):
            dots.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2.5 + 5 * share:.1f}" fill-opacity="{share:.2f}"/>')
    return Html(
        f'<svg class="body" viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="{text(label)}">'
        f'<g class="bones">{"".join(lines)}</g><g class="joints">{"".join(dots)}</g></svg>'
    )


def _placed(joints: Float[np.ndarray, "p v 3"]) -> Float[np.ndarray, "p v 2"]:
    """Seen from the front, several persons from where they stand widest apart; as large as the picture allows."""
    along = np.array([1.0, 0.0])
    if len(joints) > 1:
        ground = joints[..., [0, 2]][np.isfinite(joints).all(-1)]
        along = np.linalg.svd(ground - ground.mean(0), full_matrices=False).Vh[0]
        along = -along if along[0] < 0 else along
    flat = np.stack([joints[..., [0, 2]] @ along, -joints[..., 1]], axis=-1)
    low, high = np.nanmin(flat, (0, 1)), np.nanmax(flat, (0, 1))
    scale = (SIZE - 24) / max(*(high - low), 1e-9)
    return (flat - (low + high) / 2) * scale + SIZE / 2


def _share(values: Float[np.ndarray, "v"]) -> Float[np.ndarray, "v"]:
    """0 for the lowest, 1 for the highest."""
    return (values - values.min()) / max(float(np.ptp(values)), 1e-9)


def heat_map(values: Float32[np.ndarray, "s v"], skeleton: Skeleton, frames: int, title: str = "") -> go.Figure:
    """Joints, part after part from above, by frames of the prepared clip."""
    parted = [joint for members in skeleton.parts.values() for joint in members]
    rows = [*parted, *(joint for joint in range(len(skeleton)) if joint not in parted)]
    names = [literal(skeleton.joints[joint]) for joint in rows]
    step = frames / len(values)
    digits = _digits(float(values.min()), float(values.max()))
    figure = go.Figure(
        go.Heatmap(
            z=values.T[rows],
            x=(np.arange(len(values)) + 0.5) * step,
            y=list(range(len(rows))),
            colorbar={"thickness": 12, "outlinewidth": 0, "tickformat": f".{digits}f", "nticks": 5},
            customdata=[[name] * len(values) for name in names],
            hovertemplate=f"%{{customdata}}, frame %{{x:.0f}}: %{{z:.{digits + 1}f}}<extra></extra>",
        )
    )
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 26 if title else 8, "b": 36},
        title={"text": title, "font": {"size": 12}, "x": 0.5, "y": 0.98} if title else None,
        xaxis={"title": {"text": "frame", "standoff": 6}, "showgrid": False, "range": [0, frames], "fixedrange": True},
        yaxis={
            "tickvals": list(range(len(rows))),
            "ticktext": names,
            "tickfont": {"size": 10},
            "autorange": "reversed",
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
    )
    return figure
