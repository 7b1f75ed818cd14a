"""Text of a stranger's file, as it may stand in a message on a terminal."""


def printed(text: str, longest: int = 60) -> str:
    """The text, short, with whatever does not print (control characters, halves of characters) as an escape."""
    shown = (letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text[:longest])
    return "".join(shown) + ("..." if len(text) > longest else "")
