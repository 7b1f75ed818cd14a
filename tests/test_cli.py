"""The command line: exit statuses, what goes to which stream, and one errand through it all."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import tiny
from published_names import published
from skelact import __version__
from skelact.cli import COMMANDS, main
from skelact.cli.evaluation import evaluations
from skelact.data.store import Store
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import EncoderCard, load_encoder, save_encoder
from skelact.encoders.stgcn.network import STGCN
from skelact.layouts import KINECT_V2
from skelact.recipes import RECIPES


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tiny.store(tmp_path / "five").path


def small(store: Path, run: Path) -> list[str]:
    """Options that make a recipe small enough for a test."""
    options = ["--store", store, "--split", tiny.SPLIT, "--run", run, "--preparation", "released", "--frames", 12]
    options += ["--batch", 4, "--epochs", 2, "--encoder.width", 2, "--encoder.features", 8, "--device", "cpu"]
    return list(map(str, options))


def status(*arguments: object) -> int | str | None:
    """The exit status of a command, whichever way it ends."""
    try:
        return main(list(map(str, arguments)))
    except SystemExit as exit:
        return exit.code


HELPS = [
    *([command, "--help"] for command in COMMANDS),
    *(["pretrain", recipe, "--help"] for recipe in RECIPES),
    *(["evaluate", protocol, "--help"] for protocol in evaluations()),
    ["--help"],
    ["-h"],
]


@pytest.mark.parametrize("arguments", HELPS, ids=" ".join)
def test_help_is_printed_and_ends_well(arguments, capsys):
    assert status(*arguments) == 0
    out, err = capsys.readouterr()
    assert len(out) > 100
    assert err == ""


def test_help_names_every_command_recipe_protocol_and_option(capsys):
    status("--help")
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()[:-1]] == list(COMMANDS)
    status("pretrain", "--help")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[:-1]] == list(RECIPES)
    status("evaluate", "--help")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[:-1]] == list(evaluations())
    status("pretrain", "aimclr", "--help")
    shown = capsys.readouterr().out
    for option in ("--method.temperature", "--optimiser.lr", "--encoder.width", "--epochs", "--stream"):
        assert option in shown


def test_version_is_printed(capsys):
    assert status("--version") == 0
    assert capsys.readouterr().out == f"skelact {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["pretrain"], ["evaluate"]])
def test_a_command_without_its_first_word_lists_what_there_is_and_fails(arguments, capsys):
    assert status(*arguments) == 2
    assert len(capsys.readouterr().out.splitlines()) > 2


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["prétrain"], COMMANDS),
        (["pretrain", "simclr", "--store", "x"], RECIPES),
        (["evaluate", "zeroshot", "run"], evaluations()),
    ],
)
def test_an_unknown_word_is_an_error_that_lists_what_there_is(arguments, names, capsys):
    assert status(*arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: no ")
    assert repr(arguments[len(arguments) > 1]) in err
    assert err.strip().split("there are ")[1].split(", ") == list(names)


OUT_OF_RANGE = {
    "--method.temperature": ("0", "0.0"),
    "--method.momentum": ("1.5", "1.5"),
    "--method.bank": ("0", "0"),
    "--optimiser.lr": ("-0.1", "-0.1"),
    "--optimiser.weight-decay": ("nan", "nan"),
    "--encoder.dropout": ("1", "1.0"),
    "--batch": ("1", "1"),
    "--epochs": ("0", "0"),
    "--log-every": ("0", "0"),
}


@pytest.mark.parametrize("flag", OUT_OF_RANGE)
def test_a_value_out_of_range_is_one_line_with_its_flag_and_value(flag, store, tmp_path, capsys):
    given, shown = OUT_OF_RANGE[flag]
    assert status("pretrain", "skeletonclr", *small(store, tmp_path / "run"), flag, given) == 1
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith(f"error: {flag}: Input should be ")
    assert line.endswith(f", got {shown}")
    assert not (tmp_path / "run").exists()


def test_values_that_do_not_go_together_are_an_error_that_says_why(store, tmp_path, capsys):
    assert status("pretrain", "aimclr", *small(store, tmp_path / "run"), "--method.views", "normal") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "error: --method: drop (EADM) needs views = both, got views = normal: set drop to false"


@pytest.mark.parametrize("flag", ["--method.temprature", "--batch=many", "--stream=sound"])
def test_what_is_no_option_at_all_is_refused_by_name(flag, store, tmp_path, capsys):
    assert status("pretrain", "aimclr", *small(store, tmp_path / "run"), flag, *([] if "=" in flag else ["0.1"])) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert flag.split("=")[0] in err
    assert not (tmp_path / "run").exists()


def test_values_from_the_command_line_reach_the_run(store, tmp_path):
    told = ["--method.temperature", "0.3", "--optimiser.schedule", "step", "--optimiser.milestones", "1", "1.5"]
    told += ["--stream", "bone", "--seed", "7", "--method.no-drop", "--method.neighbours-from", "1"]
    assert status("pretrain", "aimclr-small", *small(store, tmp_path / "run"), *told) == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())["config"]
    assert (config["recipe"], config["stream"], config["seed"], config["epochs"]) == ("aimclr-small", "bone", 7, 2)
    method = config["method"]
    assert (method["name"], method["temperature"], method["drop"]) == ("aimclr", 0.3, False)
    assert (method["neighbours_from"], method["momentum"]) == (1, RECIPES["aimclr-small"]().method.momentum)
    assert (config["optimiser"]["schedule"], config["optimiser"]["milestones"]) == ("step", [1.0, 1.5])
    assert load_encoder(tmp_path / "run").card.stream == "bone"


def test_another_optimiser_is_chosen_by_its_name_and_keeps_the_schedule_of_the_recipe(store, tmp_path, capsys):
    for number, told in enumerate((["--optimiser.name", "adamw"], ["--optimiser.name=adamw"])):
        run = tmp_path / f"run {number}"
        assert status("pretrain", "aimclr-small", *small(store, run), *told, "--optimiser.betas", "0.9", "0.95") == 0
        optimiser = json.loads((run / "config.json").read_text())["config"]["optimiser"]
        assert (optimiser["name"], optimiser["lr"], optimiser["betas"]) == ("adamw", 0.001, [0.9, 0.95])
        assert (optimiser["schedule"], optimiser["warmup"]) == ("cosine", 0.05)
    capsys.readouterr()
    assert status("pretrain", "aimclr-small", "--help") == 0
    assert "--optimiser.name {sgd,adam,adamw}" in capsys.readouterr().out
    wrong = {
        "--optimiser.name lion": "'lion'",
        "--optimiser.name adam --optimiser.momentum 0.9": "--optimiser.momentum",
    }
    for told, named in wrong.items():
        assert status("pretrain", "aimclr-small", *small(store, tmp_path / "none"), *told.split()) == 2
        assert named in capsys.readouterr().err


def test_pretrain_evaluate_embed_and_report_of_a_small_run(store, tmp_path, capsys):
    run = tmp_path / "run [1]"  # brackets mean something to the printer
    assert status("pretrain", "skeletonclr-small", *small(store, run)) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f"skelact evaluate knn {shlex.quote(str(run))} --store {store} --split {tiny.SPLIT}\n" in err

    assert status("evaluate", "knn", run, "--store", store, "--split", tiny.SPLIT, "--seeds", 2) == 0
    capsys.readouterr()
    (result,) = (run / "evaluate").glob("knn-five-*.json")
    found = json.loads(result.read_text())
    assert {"protocol", "split", "last", "best", "control", "seeds", "seconds"} <= set(found)
    assert (found["train_clips"], found["test_clips"], found["classes"]) == (14, 6, 3)

    assert status("embed", run, "--store", store, "--out", tmp_path / "features.npz") == 0
    out, err = capsys.readouterr()
    assert out == ""
    with np.load(tmp_path / "features.npz") as held:
        assert held["features"].shape == (20, 8)
        assert held["features"].dtype == np.float32
        assert list(held["names"]) == [f"clip{number:02}" for number in range(20)]
        assert list(held["labels"]) == [number % 3 for number in range(20)]

    assert status("report", run) == 0
    assert capsys.readouterr().out == f"{run / 'report.html'}\n"
    assert "skeletonclr-small" in (run / "report.html").read_text()

    assert status("pretrain", "skeletonclr-small", *small(store, run)) == 0
    assert f"{run}: finished already" in capsys.readouterr().err


def test_without_split_all_clips_are_pretrained_on_unlabelled_ones_too_and_what_can_work_is_advised(tmp_path, capsys):
    store = tiny.store(tmp_path / "bare", tiny.recordings(labels=False)).path
    run = tmp_path / "run"
    options = [word for word in small(store, run) if word not in ("--split", tiny.SPLIT)]
    assert status("pretrain", "skeletonclr-small", *options) == 0
    said = capsys.readouterr().err
    assert "skelact evaluate" not in said
    out = run / "features-bare.npz"
    assert f"(no labels to evaluate by)\n  skelact embed {run} --store {store} --out {out}\n" in said
    config = json.loads((run / "config.json").read_text())
    assert (config["stores"][0]["split"], config["train_clips"]) == ("all", 20)
    assert status("embed", run, "--store", store, "--out", out) == 0
    assert status("report", run) == 0
    capsys.readouterr()
    assert status("evaluate", "knn", run, "--store", store, "--split", tiny.SPLIT) == 1
    assert "needs labels: 14 of the 14 train clips of bare" in capsys.readouterr().err


def test_a_run_on_all_clips_of_a_labelled_store_is_advised_a_split_that_tests(store, tmp_path, capsys):
    options = [{tiny.SPLIT: "all"}.get(word, word) for word in small(store, tmp_path / "run")]
    assert status("pretrain", "skeletonclr-small", *options) == 0
    said = capsys.readouterr().err
    command = f"  skelact evaluate knn {tmp_path / 'run'} --store {store} --split subject=1\n"
    assert f"  (split all leaves no labelled test clips)\n{command}" in said
    assert status("evaluate", "knn", tmp_path / "run", "--store", store, "--split", "subject=1", "--seeds", 1) == 0
    assert "test clips were among those that the run was pretrained on (split all)" in capsys.readouterr().out


def test_long_recordings_are_told_before_they_are_trained_on(tmp_path, capsys):
    clip = tiny.recordings(1)[0]
    joints, identity = (np.concatenate([array] * 8) for array in (clip.joints, clip.identity))
    clips = [*tiny.recordings(), replace(clip, name="endless", joints=joints, identity=identity)]
    store = tiny.store(tmp_path / "long", clips).path
    assert status("pretrain", "skeletonclr-small", *small(store, tmp_path / "run")) == 0
    words = f"long: 1 of 21 clips are long for 12 frames; the longest, endless, has {len(joints)} frames"
    assert words in capsys.readouterr().err


def test_commands_that_take_a_run_list_those_beside_one_that_is_not_there(store, tmp_path, capsys):
    (tmp_path / "runs" / "real").mkdir(parents=True)
    (tmp_path / "runs" / "real" / "config.json").write_text("{}")
    lost = tmp_path / "runs" / "nosuch"
    for words in (
        ("evaluate", "knn", lost, "--store", store, "--split", tiny.SPLIT),
        ("evaluate", "all", lost, "--store", store, "--split", tiny.SPLIT),
        ("embed", lost, "--store", store, "--out", tmp_path / "f.npz"),
        ("report", lost),
    ):
        assert status(*words) == 1
        said = capsys.readouterr().err
        assert f"{lost}: no such run; in {tmp_path / 'runs'} there are real" in said
        assert "import-weights" not in said


def test_a_file_that_features_cannot_be_written_to_is_said_before_the_encoder_is_run(
    store, tmp_path, capsys, monkeypatch
):
    assert status("pretrain", "skeletonclr-small", *small(store, tmp_path / "run")) == 0
    monkeypatch.setattr("skelact.encoders.loaded.LoadedEncoder.embed", lambda *_, **__: pytest.fail("it was run"))
    (tmp_path / "taken").write_text("a file")
    assert status("embed", tmp_path / "run", "--store", store, "--out", tmp_path / "taken" / "f.npz") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_recipes_own_batch_is_lowered_to_the_clips_and_one_that_was_asked_for_is_not(store, tmp_path, capsys):
    asked = small(store, tmp_path / "run")
    place = asked.index("--batch")
    assert status("pretrain", "skeletonclr-small", *asked[:place], *asked[place + 2 :]) == 0
    assert "batch lowered from 64 to 14: there are 14 training clips" in " ".join(capsys.readouterr().err.split())
    assert json.loads((tmp_path / "run" / "config.json").read_text())["config"]["batch"] == 14
    assert status("pretrain", "skeletonclr-small", *asked[:place], *asked[place + 2 :], "--log-every", 3) == 0
    assert "finished already" in capsys.readouterr().err
    larger = small(store, tmp_path / "other")
    larger[place + 1] = 15
    assert status("pretrain", "skeletonclr-small", *larger) == 1
    assert "a batch of 15 needs as many training clips, found 14" in " ".join(capsys.readouterr().err.split())


def test_pooling_stores_takes_a_split_for_each(store, tmp_path, capsys):
    other = tiny.store(tmp_path / "other", tiny.recordings(seed=4)).path
    more = ["--store", str(other), "--split", "subject=3"]
    assert status("pretrain", "skeletonclr-small", *small(store, tmp_path / "run"), *more) == 0
    held = json.loads((tmp_path / "run" / "config.json").read_text())
    assert [(part["name"], part["split"]) for part in held["stores"]] == [("five", tiny.SPLIT), ("other", "subject=3")]
    assert held["train_clips"] == 14 + 6
    assert f"--store {other} --split subject=3" in capsys.readouterr().err


def test_a_store_that_is_not_there_is_an_error(tmp_path, capsys):
    for command in (["info"], ["verify"]):
        assert status(*command, tmp_path / "none") == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"error: {tmp_path / 'none'}: no such folder")


def test_what_the_system_refuses_is_an_error_that_names_the_path(store, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert status("pretrain", "skeletonclr-small", *small(store, tmp_path / "file" / "run")) == 1
    assert capsys.readouterr().err.endswith(f"error: {tmp_path / 'file' / 'run'}: Not a directory\n")
    torch.save({"A": torch.ones(1)}, tmp_path / "published.pt")
    labels = ["--classes", tmp_path / "none.txt"]
    assert status("import-weights", tmp_path / "published.pt", "--out", tmp_path / "e.safetensors", *labels) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'none.txt'}: expected a text file with a label a l")
    (tmp_path / "odd.txt").write_bytes("bücken\n".encode("latin-1"))
    labels = ["--classes", tmp_path / "odd.txt"]
    assert status("import-weights", tmp_path / "published.pt", "--out", tmp_path / "e.safetensors", *labels) == 1
    said = f"error: {tmp_path / 'odd.txt'}: cannot be read as a list of labels in UTF-8: "
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["knn", "--k", "1", "0"], "--k: Input should be greater than 0, got 0"),
        (["knn", "--k", "0"], "--k: Input should be greater than 0, got 0"),
        (["knn", "--temperature", "0"], "--temperature: Input should be greater than 0, got 0.0"),
        (["linear", "--epochs", "0"], "--epochs: Input should be greater than 0, got 0"),
        (["linear", "--seeds", "0"], "--seeds must be at least 1, got 0"),
        (["semi", "--share", "0"], "--share: Input should be greater than 0, got 0.0"),
        (["supervised", "--momentum", "0"], "--: nesterov needs a momentum above 0, got 0.0"),
        (["transfer", "--finetune.epochs", "0"], "--finetune.epochs: Input should be greater than 0, got 0"),
        (["all", "--linear.lr", "0"], "--linear.lr: Input should be greater than 0, got 0.0"),
    ],
)
def test_numbers_of_an_evaluation_out_of_range_are_one_line_with_flag_and_value(options, said, encoder, store, capsys):
    protocol, *rest = options
    assert status("evaluate", protocol, encoder, "--store", store, "--split", tiny.SPLIT, *rest) == 1
    assert capsys.readouterr().err == f"error: {said}\n"


def test_info_shows_what_a_store_holds(store, capsys):
    assert status("info", store) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for fact in ("five", "20", "wave", "bow", "jump"):
        assert fact in out


def test_verify_passes_a_good_store_and_names_the_damaged_file_of_another(store, capsys):
    assert status("verify", store) == 0
    assert capsys.readouterr().out == f"{store}: every file is as it was written\n"
    path = store / "frames.npy"
    damaged = bytearray(path.read_bytes())
    damaged[-5] ^= 1
    path.write_bytes(damaged)
    assert status("verify", store) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"error: {store}/frames.npy: not as it was written\n"


# --- encoders


def ntu_file(path: Path, seed: int, frames: int = 9) -> None:
    """A .skeleton file of one body that walks at random."""
    chance = np.random.default_rng(seed)
    joints = chance.normal(0, 0.4, (25, 3)) + chance.normal(0, 0.02, (frames, 25, 3)).cumsum(0) + [0, 0, 3]
    lines = [str(frames)]
    for pose in joints:
        lines += ["1", "72057594037931101 0 1 1 1 1 0 0.02 -0.05 2", "25"]
        lines += [f"{x} {y} {z} 277.4 191.8 1036 519 -0.2 0.05 0.9 -0.1 2" for x, y, z in pose]
    path.write_text("\n".join(lines) + "\n")


LABELS = ("wave [left]", "bow", "café")


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """A random encoder with a head of three classes."""
    torch.manual_seed(5)
    size = STGCNConfig(width=2, features=8)
    card = EncoderCard(encoder=size, skeleton=KINECT_V2, preparation="released", frames=12, persons=2, classes=LABELS)
    save_encoder(tmp_path / "encoder.safetensors", size.build(KINECT_V2), card, torch.nn.Linear(8, 3))
    return tmp_path / "encoder.safetensors"


def test_classify_prints_one_json_line_a_clip_and_nothing_else(encoder, tmp_path, capsys):
    source = tmp_path / "raw"
    source.mkdir()
    names = ["S001C001P001R001A001", "S001C002P003R002A010"]
    for seed, name in enumerate(names):
        ntu_file(source / f"{name}.skeleton", seed)
    assert status("classify", encoder, source, "--format", "ntu", "--top", 2) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["name"] for line in lines] == names
    for line in lines:
        assert set(line) == {"name", "top"}
        assert len(line["top"]) == 2
        assert line["top"][0]["p"] >= line["top"][1]["p"] > 0
        assert all(LABELS[each["class"]] == each["label"] for each in line["top"])
    assert status("classify", encoder, source, "--format", "ntu") == 0  # all three, where five are the rule
    for line in capsys.readouterr().out.splitlines():
        assert sum(each["p"] for each in json.loads(line)["top"]) == pytest.approx(1, abs=1e-6)


def test_classify_says_what_is_wrong_on_the_other_stream(encoder, tmp_path, capsys):
    bad = tmp_path / "S001C001P001R001A001.skeleton"
    ntu_file(bad, 0)
    bad.write_text(bad.read_text()[:500])
    cases = [
        ([encoder, bad, "--format", "ntu"], "S001C001P001R001A001.skeleton:"),
        ([encoder, bad, "--format", "ntu", "--top", "4"], "top must be between 1 and the 3 classes"),
        ([encoder, tmp_path / "none", "--format", "ntu"], "none"),
        ([bad, bad, "--format", "ntu"], "not a safetensors file"),
    ]
    for arguments, said in cases:
        assert status("classify", *arguments) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error: ")
        assert said in err


def test_prepare_writes_a_store_that_info_and_verify_read(tmp_path, capsys):
    source = tmp_path / "raw"
    source.mkdir()
    for seed in range(3):
        ntu_file(source / f"S001C00{seed + 1}P001R001A001.skeleton", seed)
    out = tmp_path / "store"
    assert status("prepare", "ntu", source, "--out", out, "--preparation", "released", "--frames", 10, "--jobs", 1) == 0
    assert Store.open(out).prepared("released", 10, progress=False).clips.shape == (3, 3, 10, 25, 2)
    assert (out / "prepared" / "released-10").is_dir()
    assert (status("verify", out), status("info", out)) == (0, 0)
    capsys.readouterr()

    assert status("prepare", "ntu", source, "--out", out) == 1
    assert "store exists already" in capsys.readouterr().err
    bad = source / "S001C001P001R001A002.skeleton"
    bad.write_text("not a number\n")
    assert status("prepare", "ntu", source, "--out", tmp_path / "second", "--jobs", 1) == 1
    assert f"{bad}:1:" in capsys.readouterr().err
    assert not (tmp_path / "second").exists()
    assert status("prepare", "ntu", source, "--out", tmp_path / "second", "--jobs", 1, "--skip-bad") == 0
    assert len(Store.open(tmp_path / "second")) == 3


def test_an_imported_checkpoint_names_actions(tmp_path, capsys):
    torch.manual_seed(6)
    network = STGCN(STGCNConfig(width=2, features=8), KINECT_V2)
    state = {**published(network, "encoder_q."), "encoder_q.fc.weight": torch.randn(60, 8)}
    torch.save({**state, "encoder_q.fc.bias": torch.zeros(60)}, tmp_path / "published.pt")
    out = tmp_path / "encoder.safetensors"
    assert status("import-weights", tmp_path / "published.pt", "--out", out, "--frames", "12") == 0
    said = capsys.readouterr().out
    for fact in (
        f"loaded: {len(state) + 1} tensors",
        "with a head of 60 classes",
        f"written: {out}",
    ):
        assert fact in said
    ntu_file(tmp_path / "S001C001P001R001A001.skeleton", 3)
    assert status("classify", out, tmp_path / "S001C001P001R001A001.skeleton", "--format", "ntu") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert len(json.loads(line)["top"]) == 5


def test_import_weights_takes_labels_and_layouts_from_files(tmp_path, capsys):
    network = STGCN(STGCNConfig(width=2, features=8), tiny.FIVE)
    state = {**published(network), "fc.weight": torch.randn(2, 8), "fc.bias": torch.zeros(2)}
    torch.save(state, tmp_path / "published.pt")
    (tmp_path / "five.json").write_text(tiny.FIVE.model_dump_json())
    (tmp_path / "labels.txt").write_text("walk\nrun\n")
    files = ["--skeleton", tmp_path / "five.json", "--classes", tmp_path / "labels.txt"]
    assert status("import-weights", tmp_path / "published.pt", "--out", tmp_path / "e.safetensors", *files) == 0
    card = load_encoder(tmp_path / "e.safetensors").card
    assert (card.skeleton, card.classes) == (tiny.FIVE, ("walk", "run"))


def test_import_weights_refuses_what_is_no_checkpoint_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "notes.pt").write_text("no weights\n")
    assert status("import-weights", tmp_path / "notes.pt", "--out", tmp_path / "e.safetensors") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {tmp_path / 'notes.pt'}: not a file of PyTorch weights")
    assert not (tmp_path / "e.safetensors").exists()


def test_the_published_checkpoint_ranks_real_clips_as_the_published_program_does(shared, tmp_path, capsys):
    weights = shared / "weights/aimclr_ntu60_xview_joint_linear.pt"
    assert status("import-weights", weights, "--out", tmp_path / "e.safetensors") == 0
    capsys.readouterr()
    raw = shared / "data/ntu_raw_real"
    assert status("classify", tmp_path / "e.safetensors", raw, "--format", "ntu", "--top", 60) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["name"][-4:] for line in lines] == ["A001", "A002", "A003", "A004", "A005"]
    ranks = [[each["class"] for each in line["top"]].index(action) + 1 for action, line in enumerate(lines)]
    assert ranks == [1, 13, 2, 1, 3]


def test_prepare_passes_a_formats_options_on_and_refuses_those_of_others(tmp_path, capsys):
    x = np.random.default_rng(0).normal(size=(6, 5, 17, 2))
    np.savez(tmp_path / "x.npz", x=x, labels=[0, 1] * 3)
    (tmp_path / "labels.txt").write_text("up\ndown\n")
    told = ("--axes", "ntvc", "--skeleton", "coco_17", "--classes", tmp_path / "labels.txt", "--frame-rate", 25)
    out = tmp_path / "store"
    assert status("prepare", "arrays", tmp_path / "x.npz", "--out", out, "--frames", 4, *told) == 0
    store = Store.open(out)
    assert (store.classes, store.meta.frame_rate, store.skeleton.name) == (("up", "down"), 25.0, "coco_17")
    assert store.meta.log[0].parameters["axes"] == "ntvc"
    capsys.readouterr()
    assert status("prepare", "arrays", tmp_path / "x.npz", "--out", tmp_path / "second", "--pattern", "a") == 1
    assert "format arrays has no option --pattern; it has --skeleton, --axes" in capsys.readouterr().err
    assert status("prepare", "ntu", tmp_path, "--out", tmp_path / "second", "--labels", tmp_path) == 1
    assert "format ntu has no option --labels; it has none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "source"),
    [(["import-weights"], "weights.pt"), (["embed", "--store", "s"], "run"), (["report"], "run")],
    ids=lambda word: word if isinstance(word, str) else word[0],
)
def test_what_is_written_takes_the_place_of_no_file_of_another_kind(command, source, tmp_path, capsys):
    there = tmp_path / "weights.pt"
    there.write_bytes(b"precious")
    assert status(*command, tmp_path / source, "--out", there) == 1
    assert f"error: {there} exists and is not named like a " in capsys.readouterr().err
    assert there.read_bytes() == b"precious"
