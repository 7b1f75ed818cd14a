"""Still pictures as SVG, for a README or a paper: a film strip of a clip, and bars of results beside their control."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skelact.data.recording import Recording
from skelact.report.markup import shorten, text
from skelact.report.poses import Poses, poses, sides
from skelact.skeleton import Skeleton

PERSON_COLOURS = (
    ("#8b93a1", "#2f6fde", "#1c9a72"),
    ("#a8927c", "#e0672b", "#c2416b"),
    ("#9a8fb0", "#8757d6", "#b59a17"),
)
"""Middle, left and right side of each person; the same as in player.js."""
STYLE = (
    "text{font:14px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:#1b1f26}"
    ".m{fill:#5c6470}.l{stroke:#dfe3e8}"
    "@media(prefers-color-scheme:dark){text{fill:#e7eaee}.m{fill:#9ba4b0}.l{stroke:#3a424e}}"
)
"""Readable on a light and on a dark page; the picture itself has no background."""


@dataclass(frozen=True)
class Bar:
    """One result and the control that it has to beat, in per cent."""

    label: str
    top1: float
    control: float


def film_strip(clips: Sequence[tuple[str, Recording]], skeleton: Skeleton, pictures: int = 8, size: int = 110) -> str:
    """An SVG with a row for each (label, recording): `pictures` evenly spaced frames, first to last, from the front.

    Each is `size` pixels wide. Left and right sides and persons have their own colours.
    """
    rows = [
        f'<g transform="translate(0,{row * (size + 34)})"><text x="4" y="18">{text(label)}</text>'
        f"{_strip(poses(recording, skeleton), skeleton, pictures, size)}</g>"
        for row, (label, recording) in enumerate(clips)
    ]
    return _svg(pictures * size, len(clips) * (size + 34), "Skeletons over time", "".join(rows))


def result_bars(bars: Sequence[Bar], width: int = 640) -> str:
    """An SVG with a bar for each result, from 0 to 100 %, and a mark where its random-weights control stands."""
    left, right, step = 230, 60, 38
    scale = (width - left - right) / 100
    low = 12 + step * len(bars)
    parts = []
    for percent in (0, 25, 50, 75, 100):
        x = left + scale * percent
        parts.append(f'<line class="l" x1="{x:g}" y1="8" x2="{x:g}" y2="{low}"/>')
        parts.append(f'<text class="m" x="{x:g}" y="{low + 18}" text-anchor="middle">{percent} %</text>')
    for number, bar in enumerate(bars):
        y, mark = 14 + step * number, left + scale * bar.control
        parts += [
            f'<text x="{left - 10}" y="{y + 17}" text-anchor="end">{text(shorten(bar.label, 27))}</text>',
            f'<rect x="{left}" y="{y}" width="{scale * bar.top1:.1f}" height="24" rx="3" fill="#2f6fde"/>',
            f'<line x1="{mark:.1f}" y1="{y - 4}" x2="{mark:.1f}" y2="{y + 28}" stroke="#d9622b" stroke-width="3"/>',
            f'<text x="{max(left + scale * bar.top1, mark) + 8:.1f}" y="{y + 17}">{bar.top1:.1f}</text>',
        ]
    parts.append(
        f'<line x1="{left}" y1="{low + 42}" x2="{left}" y2="{low + 58}" stroke="#d9622b" stroke-width="3"/>'
        f'<text class="m" x="{left + 10}" y="{low + 55}">the same network with random weights</text>'
    )
    return _svg(width, low + 66, "Results", "".join(parts))


def _strip(shown: Poses, skeleton: Skeleton, pictures: int, size: int) -> str:
    frames = np.linspace(0, len(shown.joints) - 1, pictures).round().astype(int)
    scale, side = size * 0.46, sides(skeleton)
    lines = []
    for number, frame in enumerate(frames):
        centre = (number + 0.5) * size
        for person, joints in enumerate(shown.joints[frame]):
            points = np.stack([centre + scale * joints[:, 0], 28 + size / 2 - scale * joints[:, 1]], axis=1)
            for joint, parent in skeleton.bones:
                if np.isfinite(points[[joint, parent]]).all():
                    (x1, y1), (x2, y2) = points[joint], points[parent]
                    colour = PERSON_COLOURS[person % len(PERSON_COLOURS)][side[joint]]
                    lines.append(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}"/>')
    return f'<g fill="none" stroke-width="2.6" stroke-linecap="round">{"".join(lines)}</g>'


def _svg(width: int, height: int, title: str, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img"><title>{text(title)}</title><style>{STYLE}</style>{content}</svg>\n'
    )
