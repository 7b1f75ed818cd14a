"""Columns, such as subjects, that are text in the files: a store numbers them from 0 in alphabetical order."""

from collections.abc import Sequence

Named = tuple[tuple[str, tuple[str, ...]], ...]
"""Columns and the texts of each in alphabetical order; the number of a text is its index."""


def notes_on(named: Named) -> list[str]:
    """A note for each column that lists the numbered texts."""
    return [f"{column}: numbered from 0 in alphabetical order: {listed(texts)}" for column, texts in named]


def listed(texts: Sequence[str], most: int = 6) -> str:
    """The first `most` texts, and the number of others."""
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")
