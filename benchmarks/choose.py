"""How the small recipes' numbers were chosen: on training clips alone, never on those that docs/results.md tests.

    python benchmarks/choose.py --data FOLDER --work FOLDER [--only METHOD LR EPOCHS SEED [--OPTION VALUE ...]]

Pretrains on subjects 1, 3, 5 of UTD-MHAD and camera 1 of NW-UCLA, pooled, and looks at subject 7 and camera 2 by kNN
(k = 20) of the last epoch. Prints a table; runs are kept under the work folder and gone on with from there. Options
are those of `skelact pretrain`, such as --encoder.graph directed; they change the recipe.
"""

import argparse
import json
from pathlib import Path

from real import pretrain, stores

SPLITS = {"utd": "subject=1,3,5/7", "ucla": "camera=1/2"}
TRIALS: tuple[tuple[str, float, int, tuple[str, ...]], ...] = (
    ("aimclr", 0.003, 60, ()),
    ("aimclr", 0.005, 60, ()),
    ("skeletonclr", 0.005, 70, ()),
    ("skeletonclr", 0.01, 70, ()),
    ("skeletonclr", 0.005, 10, ()),
    ("skeattnclr", 0.005, 10, ("--method.predictors", "--encoder.graph", "directed")),
    ("skeattnclr", 0.005, 10, ("--encoder.graph", "directed")),
    ("skeattnclr", 0.005, 10, ()),
    ("skeattnclr", 0.0025, 10, ()),
)


def look(
    method: str, lr: float, epochs: int, seed: int, options: tuple[str, ...], paths: dict[str, Path], work: Path
) -> dict[str, float]:
    """The online kNN after the last epoch of one run."""
    run = work / "chosen" / "-".join([f"{method}-{lr:g}-{epochs}-{seed}", *(each.strip("-") for each in options)])
    parts = {path: SPLITS[name] for name, path in paths.items()}
    pretrain(run, method, parts, "--seed", str(seed), "--epochs", str(epochs), "--optimiser.lr", str(lr), *options)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    last = [line for line in lines if "knn" in line][-1]
    return {name: last[f"knn/{name}"] for name in paths}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--only", nargs=argparse.REMAINDER, metavar="METHOD LR EPOCHS SEED [OPTION ...]")
    given = arguments.parse_args()
    paths = stores(given.data, given.work)
    if given.only is not None:
        if len(given.only) < 4:
            arguments.error("expected --only METHOD LR EPOCHS SEED, and options of pretrain after them")
        method, lr, epochs, seed, *options = given.only
        look(method, float(lr), int(epochs), int(seed), tuple(options), paths, given.work)
        return
    print("| recipe | learning rate | epochs | UTD-MHAD | NW-UCLA |\n|---|---|---|---|---|")
    for method, lr, epochs, options in TRIALS:
        found = look(method, lr, epochs, 0, options, paths, given.work)
        recipe = " ".join([f"{method}-small", *options])
        print(f"| {recipe} | {lr:g} | {epochs} | {found['utd']:.1f} | {found['ucla']:.1f} |")


if __name__ == "__main__":
    main()
