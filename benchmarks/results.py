"""docs/results.md: what every method learns on real recordings, by every protocol, beside its control.

    python benchmarks/results.py --data FOLDER --work FOLDER [--seeds 3] [--stream-seeds 1] [--methods METHOD ...]
        [--only METHOD STREAM WHERE NUMBER | --only supervised SET | --only random SEED] [--as-is]

FOLDER of the data holds `utd-mhad`, `nw-ucla` and `sbu-kinect` as their makers give them out. Everything is kept under
the work folder and gone on with from there. --only pretrains and evaluates one run and writes no page, so that several
can be made at a time: WHERE is pooled (both of the first sets, NUMBER a seed) or sbu (NUMBER a fold). --as-is pretrains
nothing, makes the page of what is there and says what is not. What stands in the page from "## Read by us" on is kept.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from compared import EPOCHS, METHODS, SEEDS, STEPS, STREAMS, TOGETHER, TUNED, Bench, Trial
from equal_steps import Compared
from full_length import full_length
from real import POOLED, SETS, configuration, stores

PAGE = Path(__file__).parents[1] / "docs" / "results.md"
IMAGES = PAGE.parent / "images"
BY_HAND = "## Read by us"


def trials(methods: list[str], seeds: int, stream_seeds: int) -> list[Trial]:
    """Every pretraining of the comparison."""
    joint = [Trial(method, "joint", "pooled", seed) for method in methods for seed in range(seeds)]
    joint += [Trial(method, "joint", "sbu", fold) for method in methods for fold in range(len(SETS["sbu"].splits))]
    others = [
        one._replace(stream=stream)
        for one in joint
        for stream in STREAMS[1:]
        if one.method in TOGETHER or (one.where == "pooled" and one.number < stream_seeds)
    ]
    return [*joint, *others]


def evaluate(bench: Bench, trial: Trial) -> None:
    """All protocols of a trial; of a stream beside joint those of frozen features."""
    bench.pretrained(trial)
    Compared(bench, [trial._replace(stream=stream) for stream in STREAMS] if trial.method in TOGETHER else [trial])


def page(compared: Compared, full: list[str], command: str) -> str:
    run = Trial("skeletonclr", "joint", "pooled", 0).run(compared.bench.work)
    about = configuration(run)
    machine, config = about["machine"], about["config"]
    lines = [
        "# Results on real recordings",
        "",
        f"Written by `{command}`. [Speed](performance.md), [Table 1 of AimCLR](reproduce.md).",
        "",
        f"- {datetime.now(UTC).date()}; {machine['processor']}, {machine['cores']} cores, no GPU, torch "
        f"{machine['torch']}. One thread a run, two side by side: minutes are of one core beside other work.",
        f"- Pretraining: small recipes, labels unseen, width {config['encoder']['width']}, {config['frames']} frames, "
        f"`--precision bf16`. UTD-MHAD and NW-UCLA pooled ({about['train_clips']} clips, {EPOCHS['pooled']} epochs, "
        f"420 steps; ± over seeds of pretraining), SBU by fold ({EPOCHS['sbu']} epochs, 360 to 420 steps; ± over "
        "folds). All methods are cut alike, so that none has the length it asks for.",
        "- Top 1 in per cent, always after the last epoch. kNN is cosine on h, k = 20 (`--no-cap`); linear is the "
        f"mean of three classifiers (SBU: one). semi and finetune: one training, {STEPS['semi']} and "
        f"{STEPS['finetune']} steps (published: 150 epochs), rate 0.01.",
        "- Control: the stronger random encoder for kNN and linear; the same training from random weights for semi and "
        f"finetune (± over {SEEDS} of them, on SBU over folds). supervised: random weights too, with the numbers of "
        f"that protocol but {STEPS['supervised']} steps and rate 0.05.",
        "- No rate or length was chosen for methods of three streams, which take their single-stream method's, no "
        "length for SkeAttnCLR, and nothing at all on SBU.",
        "",
        "A tenth of the labels, after pretraining and (marks) from random weights:",
        "",
        "![Top 1 of semi-supervised training of every method on each set, beside random weights](images/semi.svg)",
        "",
    ]
    for name in SETS:
        lines += compared.section(name)
    lines += [
        "## Three streams",
        "",
        "Each stream alone, and fused with weights 0.6 joint, 0.6 bone, 0.4 motion. CrosSCLR and 3s-AimCLR§ learn the "
        "three at once, so their minutes above are for all three; of the others each stream has its own pretraining.",
        "",
        *compared.streams(),
        "## Beside control and SkeletonCLR",
        "",
        *compared.below(),
        "",
        *full,
    ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--stream-seeds", type=int, default=1)
    arguments.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    arguments.add_argument("--only", nargs="+", metavar="WORD")
    arguments.add_argument("--as-is", action="store_true", help="pretrain nothing, compare what is there")
    given = arguments.parse_args()
    bench = Bench(stores(given.data, given.work, tuple(SETS)), given.work, not given.as_is)
    if given.only:
        one(bench, given.only, arguments)
        return
    if "skeletonclr" not in given.methods:
        arguments.error("--methods: expected skeletonclr among them, which the others are compared with")
    asked = trials(given.methods, given.seeds, given.stream_seeds)
    for trial in {trial.run(given.work): trial for trial in asked}.values():
        bench.pretrained(trial)
    compared = Compared(bench, asked)
    full, picture = full_length({name: bench.stores[name] for name in POOLED}, given.work, bench.make)
    command = "python benchmarks/results.py --data FOLDER --work FOLDER"
    kept = PAGE.read_text(encoding="utf-8").partition(BY_HAND)
    PAGE.write_text("\n".join([page(compared, full, command), "".join(kept[1:])]).rstrip() + "\n", encoding="utf-8")
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "results.svg").write_text(picture, encoding="utf-8")
    (IMAGES / "semi.svg").write_text(compared.picture("semi"), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


def one(bench: Bench, words: list[str], arguments: argparse.ArgumentParser) -> None:
    """What --only asks for."""
    if words[0] == "supervised" and len(words) == 2 and words[1] in SETS:
        compared = Compared(bench, [])
        for stream in (None, "motion", "bone") if words[1] != "sbu" else (None,):
            compared.supervised(words[1], stream)
        return
    if words[0] == "random" and len(words) == 2 and words[1].isdigit():
        for name in POOLED:
            for protocol in TUNED:
                bench.untrained(name, protocol, int(words[1]))
        return
    method, stream, where, number = words if len(words) == 4 else ("", "", "", "")
    if method not in METHODS or stream not in STREAMS or where not in EPOCHS or not number.isdigit():
        arguments.error("expected --only METHOD STREAM WHERE NUMBER, supervised SET or random SEED")
    evaluate(bench, Trial(method, stream, where, int(number)))


if __name__ == "__main__":
    main()
