"""Small pieces of HTML. Every text that comes from a file or a user passes through `text` or `data_block`."""

import html
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Html:
    """Markup that is already escaped; a plain `str` is not, and is escaped where it is put into a page."""

    markup: str

    def __str__(self) -> str:
        return self.markup


def text(value: Any) -> str:
    """Markup of any value: `Html` as it is, everything else escaped (safe in elements and in quoted attributes)."""
    return value.markup if isinstance(value, Html) else html.escape(str(value), quote=True)


def join(parts: Iterable[Html], between: str = "\n") -> Html:
    """Pieces of markup one after the other."""
    return Html(between.join(part.markup for part in parts))


def tag(name: str, content: Any = "", **attributes: str) -> Html:
    """One element; `class_` and `data_x` become `class` and `data-x`, values are escaped."""
    written = "".join(f' {key.strip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{written}>{text(content)}</{name}>")


def data_block(ident: str, value: Any) -> Html:
    """JSON for the page's scripts; `<`, `>` and `&` are written as \\u escapes, so no text in it can end the block."""
    return raw_data_block(ident, json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False))


def raw_data_block(ident: str, encoded: str) -> Html:
    """As `data_block`, for a value that is JSON already."""
    for character in "<>&":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return Html(f'<script type="application/json" id="{text(ident)}">{encoded}</script>')


def table(heads: Sequence[Any], rows: Iterable[Sequence[Any]], numbers: Iterable[int] = (), label: str = "") -> Html:
    """A table that scrolls in its own box; columns in `numbers` are right-aligned with equal-width digits."""
    right = frozenset(numbers)

    def cells(name: str, values: Sequence[Any]) -> Html:
        return join(
            (
                tag("th" if name == "th" or col == 0 else "td", value, **({"class_": "n"} if col in right else {}))
                for col, value in enumerate(values)
            ),
            "",
        )

    head = tag("thead", tag("tr", cells("th", heads)))
    body = tag("tbody", join(tag("tr", cells("td", row)) for row in rows))
    return tag("div", tag("table", join((head, body))), class_="scroll", tabindex="0", role="region", aria_label=label)


def details(summary: Any, content: Html, opened: bool = False) -> Html:
    """A collapsible part."""
    return Html(f"<details{' open' if opened else ''}><summary>{text(summary)}</summary>{content}</details>")


def section(ident: str, title: str, *content: Html) -> Html:
    """A headed part of the page that the navigation links to."""
    return tag("section", join((tag("h2", title), *content)), id=ident)


def missing(what: str, command: str = "") -> Html:
    """A note that something is missing, and the command that makes it."""
    how = join((Html(" Run: "), tag("code", command), Html(".")), "") if command else Html("")
    return tag("p", join((Html(text(what)), how), ""), class_="missing")


def number(value: float | None, digits: int = 1) -> str:
    """A number with fixed digits, or a dash if it is missing."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def shorten(name: str, longest: int = 26) -> str:
    """A name cut to fit an axis; the whole one is shown on hover."""
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"
