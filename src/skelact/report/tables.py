"""Reproduced tables in the report: a section of `skelact report --table`, and a small page of its own."""

from collections.abc import Sequence
from pathlib import Path

from skelact.report.document import document
from skelact.report.markup import Html, details, join, section, table, tag
from skelact.reproduce.result import Reproduction
from skelact.reproduce.show import HEADS, cells
from skelact.system.world import write_bytes


def tables(found: Sequence[Reproduction]) -> Html:
    """The section: every table with its notes, and the published cells of other data sets."""
    return section("tables", "Published tables", *(part(one) for one in found))


def part(found: Reproduction) -> Html:
    """One table."""
    title = f"{found.source}: {found.title}; here {found.store}, split {found.split}"
    heads = tuple(head or "as published" for head in HEADS)
    numbers = table(heads, (cells(line) for line in found.lines), range(3, len(HEADS)), label=title)
    notes = tag("ul", join(tag("li", note) for note in found.notes))
    parts = [tag("h3", title)]
    parts += [numbers, tag("div", notes, class_="note")]
    columns = list(dict.fromkeys(name for line in found.lines for name in line.others))
    if columns:
        rows = [
            (
                cells(line)[1],
                line.published_streams or "unknown",
                *(line.others.get(column, "–") for column in columns),
            )
            for line in found.lines
        ]
        others = table(
            ("as published", "its streams", *columns), rows, range(2, 2 + len(columns)), label="Other columns"
        )
        parts.append(details("The paper's other columns", others))
    return join(parts)


def write_page(found: Reproduction, path: Path) -> None:
    """One table as a self-contained HTML file."""
    write_bytes(path, document(found.table, tables([found])))
