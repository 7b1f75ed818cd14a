"""Class, subject and so on in the paths of BVH files, found by a regular expression with named groups."""

import re
from collections import defaultdict
from collections.abc import Sequence

from skelact.data.readers.named import Named
from skelact.data.recording import Item, ReadError
from skelact.system.world import SkelactError

GROUPS = ("action", "subject", "camera", "setup", "repetition")
_NUMBER = re.compile(r"[0-9]{1,9}")


def check_pattern(pattern: str) -> None:
    """SkelactError unless the pattern is a regular expression with groups among GROUPS."""
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise SkelactError(f"--pattern {pattern!r}: not a regular expression: {error}") from error
    if not groups or not set(groups) <= set(GROUPS):
        raise SkelactError(f"--pattern {pattern!r}: expected groups (?P<name>...) named {', '.join(GROUPS)}")


def groups_of(item: Item, pattern: str | None) -> dict[str, str]:
    """The pattern's groups in the path, by name; {} without a pattern. ReadError if the path does not match."""
    if pattern is None:
        return {}
    path = "/" + item.member if item.member else item.path.absolute().as_posix()
    match = re.search(pattern, path)
    if match is None:
        raise ReadError(f"{item}: expected a path that --pattern {pattern} finds")
    return {group: found for group, found in match.groupdict().items() if found is not None}


def names_in(items: Sequence[Item], pattern: str | None) -> tuple[tuple[str, ...], Named]:
    """The actions in the paths, and the texts of every other group that is not a number in all of them.

    Both in alphabetical order. A path that does not match is refused when its file is read. SkelactError if none
    matches.
    """
    found: dict[str, set[str]] = defaultdict(set)
    matched = False
    for item in items:
        try:
            groups = groups_of(item, pattern)
        except ReadError:
            continue
        matched = True
        for group, text in groups.items():
            found[group].add(text)
    if not matched:
        raise SkelactError(
            f"--pattern {pattern!r} finds none of the {len(items)} paths, such as {items[0]}: correct the pattern"
        )
    actions = tuple(sorted(found.pop("action", ())))
    texts = {group: tuple(sorted(texts)) for group, texts in found.items() if not all(map(_NUMBER.fullmatch, texts))}
    return actions, tuple(sorted(texts.items()))
