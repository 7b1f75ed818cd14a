"""Playing skeletons: their cards, and their joints as compact numbers for `player.js`."""

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from skelact.data.store import Store
from skelact.report.joined import Joined
from skelact.report.markup import Html, data_block, join, tag
from skelact.report.poses import poses, sides

MOST_FRAMES = 240
"""Frames kept of one clip; a longer one is thinned evenly and keeps its pace."""
UNIT = 16000
"""Whole numbers in one picture radius: far finer than a screen, and two radii fit 16 bits."""
UNSEEN = -32768
"""Code for a missing joint."""


def encode(joints: Float64[np.ndarray, "t p v 3"]) -> str:
    """Base64 of little-endian 16-bit whole numbers, UNIT a radius; UNSEEN where not finite."""
    whole = np.clip(joints * UNIT, -32767, 32767).round()
    return base64.b64encode(np.where(np.isfinite(whole), whole, UNSEEN).astype("<i2").tobytes()).decode()


def clip_data(store: Store, row: int) -> dict[str, Any]:
    """What player.js needs of one clip."""
    shown = poses(store.recording(row), store.skeleton)
    stride = math.ceil(len(shown.joints) / MOST_FRAMES)
    joints = shown.joints[::stride]
    rate = float(store.meta.frame_rate) / stride
    return {
        "frames": len(joints),
        "persons": joints.shape[1],
        "joints": joints.shape[2],
        "rate": rate if rate > 0 else 30.0,
        "floor": round(shown.floor, 3),
        "bones": [list(bone) for bone in store.skeleton.bones],
        "sides": sides(store.skeleton).tolist(),
        "data": encode(joints),
    }


def players(store: Store, rows: Sequence[int], beside: Sequence[Joined]) -> Html:
    """A card with a playing skeleton for each row, with the predictions of the evaluations in `beside`."""
    best = [
        (one.run.name, dict(zip(map(str, one.predictions.names), map(int, one.predictions.best), strict=True)))
        for one in beside
        if one.predictions is not None
    ]
    cards, data = [], []
    for number, row in enumerate(rows):
        name, action = str(store.table["name"][row]), int(store.table["action"][row])
        lines = [
            _verdict(run if len(best) > 1 else "", predicted[name], action, store.classes)
            for run, predicted in best
            if name in predicted
        ]
        cards.append(_card(number, _label(action, store.classes), name, lines))
        data.append(clip_data(store, row))
    several = any(clip["persons"] > 1 for clip in data)
    return join(
        (_controls(2 if several else 1), tag("div", join(cards), class_="clips"), data_block("clips-data", data))
    )


def _label(action: int, classes: Sequence[str]) -> str:
    return classes[action] if 0 <= action < len(classes) else "class unknown"


def _verdict(run: str, predicted: int, action: int, classes: Sequence[str]) -> Html:
    right = predicted == action
    mark = "✓" if right else "✗"
    start = f"{run}: {mark}" if run else f"{mark} predicted"
    return tag("p", f"{start} {_label(predicted, classes)}", class_="right" if right else "wrong")


def _card(number: int, label: str, name: str, lines: Sequence[Html]) -> Html:
    canvas = tag("canvas", "", role="img", aria_label=f"Skeleton of {name}: {label}", tabindex="0")
    button = tag("button", "", type="button", class_="play", aria_label="Pause")
    slider = Html('<input type="range" min="0" value="0" step="1" aria-label="Frame">')
    bar = tag("div", join((button, slider, tag("output", "")), ""), class_="bar")
    words = (tag("h3", label), tag("p", name, class_="name"), *lines)
    return tag("article", join((canvas, bar, *words)), class_="clip", data_clip=str(number))


def _controls(persons: int) -> Html:
    sides = (("front", "Front"), ("side", "Side"), ("turn", "Turning"))
    buttons = [tag("button", words, type="button", data_side=side) for side, words in sides]
    speeds = [
        Html(f'<option value="{speed}"{" selected" if speed == 1 else ""}>{speed} ×</option>')
        for speed in (0.25, 0.5, 1, 2)
    ]
    speed = tag("label", join((Html("Speed "), tag("select", join(speeds), id="speed"))))
    legend = [tag("span", join((Html(f"person {person + 1}:"), *_swatches(person)), " ")) for person in range(persons)]
    everything = tag("button", "Pause all", type="button", id="play-all")
    return join(
        (
            tag("div", join((everything, *buttons, speed)), class_="controls"),
            tag("div", join(legend), class_="legend"),
        )
    )


def _swatches(person: int) -> list[Html]:
    words = {"l": "left", "m": "middle", "r": "right"}
    return [join((tag("i", "", class_=f"p{person}{side}"), Html(word)), "") for side, word in words.items()]
