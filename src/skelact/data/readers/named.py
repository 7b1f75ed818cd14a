"""Subjects, cameras and the like that files name by text: a store holds numbers, from 0 in alphabetical order."""

from collections.abc import Sequence

Named = tuple[tuple[str, tuple[str, ...]], ...]
"""Columns and the texts of each in alphabetical order; the number of a text is its index."""


def notes_on(named: Named) -> list[str]:
    """A sentence for each column that says which texts were numbered."""
    return [f"{column}: numbered from 0 in alphabetical order: {listed(texts)}" for column, texts in named]


def listed(texts: Sequence[str], most: int = 6) -> str:
    """The first `most` texts, and how many more there are."""
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")
