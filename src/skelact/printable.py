"""Text that strangers wrote, in files and in their names, made harmless before anybody is shown it."""

import unicodedata


def printable(text: str, keep: str = "") -> str:
    """A stranger's text as it may be shown: letters that a terminal obeys or that have no code come as `\\u001b`,
    as in JSON.

    So do bytes of a file name that are no UTF-8, and letters that turn the direction of writing. `keep` stays.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter in keep or _harmless(letter) else _escaped(letter) for letter in text)


def printed(text: str, longest: int = 60) -> str:
    """The text as it may stand in a message: short, and as `printable` shows it."""
    return printable(text[:longest]) + ("..." if len(text) > longest else "")


def _harmless(letter: str) -> bool:
    # Joiners are part of how some scripts are spelt.
    return letter in "\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escaped(letter: str) -> str:
    number = ord(letter)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
