"""Text of a stranger's file, as it may stand in a message."""

from skelact.world import printable


def printed(text: str, longest: int = 60) -> str:
    """The text, short, without letters that a terminal would obey."""
    return printable(text[:longest]) + ("..." if len(text) > longest else "")
