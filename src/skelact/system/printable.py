"""Escapes text from files and file names, so that it cannot control the terminal."""

import unicodedata


def printable(text: str, keep: str = "") -> str:
    """The text with control characters escaped as in JSON, such as `\\u001b`; those in `keep` stay.

    Also escaped: bytes of file names that are not UTF-8, and characters that change the writing direction.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter in keep or _harmless(letter) else _escaped(letter) for letter in text)


def printed(text: str, longest: int = 60) -> str:
    """The beginning of a text, at most `longest` characters, escaped; "..." where it is longer."""
    return printable(text[:longest]) + ("..." if len(text) > longest else "")


def _harmless(letter: str) -> bool:
    # Joiners are part of how some scripts are spelt.
    return letter in "\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass")  # two units above U+FFFF, as in JSON
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
