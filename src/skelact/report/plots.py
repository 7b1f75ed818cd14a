"""Interactive figures: made with plotly here, drawn by the page's script when they come into sight."""

import html

import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

from skelact.report.markup import Html, join, raw_data_block, tag

RUN_COLOURS = ("#2f6fde", "#d9622b", "#1c9a72", "#a855c7", "#c79a1b", "#c2416b", "#4aa3c7", "#7a7f87")
"""One colour a run, which most colour-blind readers can tell apart, readable on white and on near-black."""


CLASS_COLOURS = (*RUN_COLOURS, "#6b8e23", "#8c5a3c", "#5b5bd6", "#e0719f")


def class_colour(index: int, count: int) -> str:
    """Colour of one of `count` classes; where there are many, the hues in turn at three strengths."""
    if count <= len(CLASS_COLOURS):
        return CLASS_COLOURS[index]
    light, strong = ((42, 70), (58, 60), (50, 35))[index % 3]
    return f"hsl({360 * index / count:.0f},{strong}%,{light}%)"


def literal(name: str) -> str:
    """A name escaped for plotly, which would read `<b>` as bold."""
    return html.escape(name, quote=False)


def plot(
    figure: go.Figure, ident: str, label: str, height: int, least_width: int = 0, most_width: int | None = None
) -> Html:
    """The element that a figure is drawn into, and its data. Sizes in pixels; it scrolls below `least_width`."""
    figure.update_layout(template=None, height=height)
    style = f"height:{height}px;min-width:{least_width}px" + (f";max-width:{most_width}px" if most_width else "")
    element = tag("div", "", class_="plot", data_plot=ident, style=style, role="img", aria_label=label)
    data = raw_data_block(ident, str(plotly.io.to_json(figure, validate=False)))
    return join((tag("div", element, class_="scroll"), data))


def library() -> Html:
    """plotly.js itself, so that the page works offline."""
    return Html(f"<script>{get_plotlyjs()}</script>")
