"""Splits: which clips train and which test, as predicates over the columns of a store."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from skelact.data.recording import TESTS, TRAINS
from skelact.data.store import Store
from skelact.data.store.table import NUMBERS
from skelact.system.world import SkelactError

Table = dict[str, np.ndarray]
Mask = Bool[np.ndarray, " n"]

NTU_60_SUBJECTS = (1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38)
NTU_120_SUBJECTS = (
    *NTU_60_SUBJECTS,
    *(45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94),
    *(95, 97, 98, 100, 103),
)
SBU_TEST_PAIRS = (
    (102, 304, 502, 604),
    (203, 207, 305, 503),
    (103, 107, 701, 703),
    (201, 206, 302, 306),
    (402, 403, 406, 602, 603),
)
"""Test pairs of each fold, first person times 100 plus second: the field's standard five folds."""


ALL = "all"
"""The split in which every clip trains and none tests: for pretraining only."""

MSR_SUBSETS = ((2, 3, 5, 6, 10, 13, 18, 20), (1, 4, 7, 8, 9, 11, 12, 14), (6, 14, 15, 16, 17, 18, 19, 20))
"""Numbers of the actions of AS1, AS2 and AS3."""


@dataclass(frozen=True)
class Split:
    """Row numbers of the training and of the test clips; clips in neither are left out."""

    name: str
    train: Int64[np.ndarray, " n"]
    test: Int64[np.ndarray, " k"]
    rule: str
    """The predicate in words, with the list of subjects that was used."""


def _one_of(column: str, *values: int) -> Callable[[Table], Mask]:
    return lambda table: np.isin(table[column], values)


def _odd(column: str) -> Callable[[Table], Mask]:
    return lambda table: table[column] % 2 == 1


@dataclass(frozen=True)
class _Rule:
    train: Callable[[Table], Mask]
    words: str
    test: Callable[[Table], Mask] | None = None
    """Default: every clip that does not train."""
    clean: bool = False
    """Whether training clips whose joints are identical to those of a test clip are left out."""


def _subjects_of(table: Table) -> _Rule:
    """NTU-120 if there are actions from 60 (A061) on or subjects above 40, else NTU-60."""
    if (table["action"] >= 60).any() or (table["subject"] > 40).any():
        return _Rule(_one_of("subject", *NTU_120_SUBJECTS), "the 53 training subjects of NTU-120")
    return _Rule(_one_of("subject", *NTU_60_SUBJECTS), "the 20 training subjects of NTU-60")


def _leave_one_out(column: str, word: str, count: int) -> dict[str, "_Rule | Callable[[Table], _Rule]"]:
    """A split for each value from 1 to `count`, in which the clips with that value test."""
    return {
        f"{word}{value}": _Rule(lambda table, value=value: table[column] != value, f"{word} {value} tests")
        for value in range(1, count + 1)
    }


_UCLA_CAMERAS = _Rule(_one_of("camera", 1, 2), "cameras 1, 2 train; camera 3 tests", _one_of("camera", 3))
_ODD_SUBJECTS = _Rule(_odd("subject"), "odd subjects train")

RULES: dict[str, dict[str, _Rule | Callable[[Table], _Rule]]] = {
    "ntu": {
        "xsub": _subjects_of,
        "xview": _Rule(_one_of("camera", 2, 3), "cameras 2, 3 train"),
        "xset": _Rule(lambda table: table["setup"] % 2 == 0, "even setups train"),
    },
    "utd": {"xsub": _Rule(_one_of("subject", 1, 3, 5, 7), "subjects 1, 3, 5, 7 train")},
    "ucla": {
        "xview": _UCLA_CAMERAS,
        "xview-clean": _Rule(
            _UCLA_CAMERAS.train,
            "cameras 1, 2 train without clips whose joints are those of a test clip; camera 3 tests",
            _UCLA_CAMERAS.test,
            clean=True,
        ),
        "xsub": _ODD_SUBJECTS,
    },
    "sbu": {
        f"fold{fold}": _Rule(
            lambda table, pairs=pairs: ~np.isin(table["subject"], pairs),
            f"pairs {', '.join(f's{pair // 100:02}s{pair % 100:02}' for pair in pairs)} test",
        )
        for fold, pairs in enumerate(SBU_TEST_PAIRS)
    },
    "pku": {"xview": _Rule(_one_of("camera", 2, 3), "cameras 2 (M), 3 (R) train; camera 1 (L) tests")},
    "msr": {
        "xsub": _ODD_SUBJECTS,
        **{
            f"as{number}": _Rule(
                lambda table, subset=subset: (table["subject"] % 2 == 1) & np.isin(table["action"] + 1, subset),
                f"actions {', '.join(f'a{action:02}' for action in subset)}: odd subjects train, even ones test",
                lambda table, subset=subset: (table["subject"] % 2 == 0) & np.isin(table["action"] + 1, subset),
            )
            for number, subset in enumerate(MSR_SUBSETS, start=1)
        },
    },
    "utkinect": {
        "xsub": _Rule(_one_of("subject", *range(1, 6)), "subjects 1 to 5 train"),
        **{
            f"s{subject:02}_e{repetition:02}": _Rule(
                lambda table, left=(subject, repetition): (
                    (table["subject"] != left[0]) | (table["repetition"] != left[1])
                ),
                f"recording s{subject:02}_e{repetition:02} tests",
            )
            for subject in range(1, 11)
            for repetition in (1, 2)
        },
    },
    "florence": _leave_one_out("subject", "actor", 10),
    "kard": {
        "one-third": _Rule(_one_of("repetition", 1), "the first repetition trains"),
        "two-thirds": _Rule(_one_of("repetition", 1, 2), "the first two repetitions train"),
        **_leave_one_out("subject", "actor", 10),
    },
    "synthetic": {
        "xsub": _ODD_SUBJECTS,
        "xview": _Rule(lambda table: table["camera"] != 1, "all cameras but 1 train"),
    },
}


def split_names(dataset: str) -> tuple[str, ...]:
    """Named splits of a data set, without `all`, the general form and the divisions of a store."""
    return tuple(RULES.get(dataset, {}))


def split(store: Store, name: str) -> Split:
    """The rows of a store that train and that test under a split. `name` is one of:

    - a named split of the data set, or a division that came with the files;
    - `all`: every clip trains, none tests;
    - `column=value,value,...`: clips with these values train, the others test;
    - `column=value,.../value,...`: those after the slash test, and clips with neither are left out. Use it to choose
      hyperparameters on training subjects alone.

    SkelactError: no such split for this data set (lists the existing ones), no such column, train or test empty.
    """
    table = store.table
    if name == ALL and name not in store.divisions:
        return Split(name, np.arange(len(store)), np.arange(0), "every clip trains, none tests")
    rule = _general(name) if "=" in name else _named(store, name)
    train = rule.train(table)
    test = ~train if rule.test is None else rule.test(table)
    if rule.clean:
        train = train & ~np.isin(_content(table), _content(table)[test])
    for part, mask in (("training", train), ("test", test)):
        if not mask.any():
            raise SkelactError(
                f"split {name} of {store.path.name}: no {part} clips among {len(store)} ({rule.words}); "
                f"subjects {_values(table, 'subject')}; cameras {_values(table, 'camera')}\n"
                f"  {_another(table)}pretraining can do without test clips: --split {ALL}"
            )
    return Split(name, np.flatnonzero(train), np.flatnonzero(test), rule.words)


def example(table: Table) -> str | None:
    """A general split that the columns allow, of the labelled clips if there are any; None if there is none."""
    return next(halves(table), None)


def _another(table: Table) -> str:
    found = example(table)
    return f"take another split, such as {found}; " if found else ""


def halves(table: Table) -> Iterator[str]:
    """General splits that train on half of the subjects, cameras, setups or repetitions (of labelled clips, if any)."""
    counts = table["action"] >= 0
    if not counts.any():
        counts = ~counts
    for column in ("subject", "camera", "setup", "repetition"):
        values = np.unique(table[column][(table[column] >= 0) & counts]).tolist()
        if len(values) > 1:
            yield f"{column}={','.join(map(str, values[: len(values) // 2]))}"


def _named(store: Store, name: str) -> _Rule:
    rules = RULES.get(store.meta.dataset, {}) | {
        division: _Rule(
            _one_of(division, TRAINS), f"division {division} that came with the files", _one_of(division, TESTS)
        )
        for division in store.divisions
    }
    if name not in rules:
        there = f"it has {', '.join(rules)}; or" if rules else "it has none by name;"
        raise SkelactError(
            f"no split {name!r} for data set {store.meta.dataset}: {there} give column=value,value,... "
            f"for the clips that train, such as {example(store.table) or 'subject=1,3,5'}, or {ALL}, which leaves none "
            f"to test"
        )
    rule = rules[name]
    return rule if isinstance(rule, _Rule) else rule(store.table)


def _general(name: str) -> _Rule:
    column, _, listed = name.partition("=")
    if column not in NUMBERS:
        raise SkelactError(f"split {name!r}: no column {column!r}; there are {', '.join(NUMBERS)}")
    train_list, slash, test_list = listed.partition("/")
    train = _whole_numbers(name, train_list)
    words = f"{column} {', '.join(map(str, train))} train"
    if not slash:
        return _Rule(_one_of(column, *train), words)
    test = _whole_numbers(name, test_list)
    if both := sorted(set(train) & set(test)):
        raise SkelactError(f"split {name!r}: {', '.join(map(str, both))} would both train and test")
    return _Rule(_one_of(column, *train), f"{words}; {', '.join(map(str, test))} test", _one_of(column, *test))


def _whole_numbers(name: str, listed: str) -> list[int]:
    try:
        return [int(value) for value in listed.split(",")]
    except ValueError as error:
        raise SkelactError(
            f"split {name!r}: expected whole numbers after =, found {listed!r}; skelact info STORE shows them, with "
            "the names that they stand for"
        ) from error


def _content(table: Table) -> np.ndarray:
    """Equal texts for clips with identical joints: the name of the first of them."""
    return np.where(table["same_as"] == "", table["name"], table["same_as"])


def _values(table: Table, column: str) -> str:
    values = np.unique(table[column][table[column] >= 0])
    return ", ".join(map(str, values[:20])) + (", ..." if len(values) > 20 else "") if len(values) else "unknown"
