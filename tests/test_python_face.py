"""`import skelact`: what a program gets, when it is imported, and what the functions take and give."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import skelact
import tiny
from skelact.data.readers import reader
from skelact.evaluation.protocols.knn import KnnConfig
from skelact.evaluation.protocols.retrieval import Retrieved
from skelact.evaluation.run import evaluate_run
from skelact.train import AdamW, pretrain

PACKAGE = Path(skelact.__file__).parent
HEAVY = ("torch", "numpy", "scipy", "pydantic", "rich")
NAMES = [name for name in skelact.__all__ if name != "__version__"]
FUNCTIONS = [name for name in NAMES if inspect.isfunction(getattr(skelact, name))]
OWN = [name for name in FUNCTIONS if getattr(skelact, name).__module__.startswith("skelact.api.")]
"""Those that are there for `import skelact` alone."""


def imported_by(code: str) -> set[str]:
    """The packages among HEAVY that a new process has after running `code`."""
    program = f"import sys, json\n{code}\nprint(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("code", ["import skelact", "import skelact; skelact.__version__; dir(skelact)"])
def test_importing_skelact_and_asking_for_its_version_imports_nothing_that_computes(code):
    assert imported_by(code) == set()


def test_a_store_and_a_layout_are_there_without_torch():
    assert "torch" not in imported_by("import skelact; skelact.Store, skelact.layout, skelact.Recording")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_listed_and_explained(name):
    assert name in dir(skelact)
    assert inspect.getdoc(getattr(skelact, name))
    assert not (PACKAGE / name).exists()
    assert not (PACKAGE / f"{name}.py").exists()


def test_another_name_is_none():
    with pytest.raises(AttributeError, match="module 'skelact' has no attribute 'pretrian'"):
        _ = skelact.pretrian  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_and_what_comes_back_is_annotated(name):
    signature = inspect.signature(getattr(skelact, name))
    assert signature.return_annotation is not inspect.Signature.empty
    assert [one.name for one in signature.parameters.values() if one.annotation is inspect.Parameter.empty] == []


@pytest.mark.parametrize(
    "name", [name for name in FUNCTIONS if getattr(skelact, name).__module__.startswith("skelact.api")]
)
def test_every_argument_is_explained(name):
    words = inspect.getdoc(getattr(skelact, name)) or ""
    missing = [one for one in inspect.signature(getattr(skelact, name)).parameters if f" {one}: " not in words]
    assert [one for one in missing if f" **{one}: " not in words] == []


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> skelact.Store:
    return tiny.store(tmp_path_factory.mktemp("face") / "store")


@pytest.fixture(scope="module")
def run(store) -> Path:
    folder = store.path.parent / "run"
    done = skelact.pretrain(tiny.config(), store, str(folder), split=tiny.SPLIT, progress=False, epochs=1)
    assert (done.step, done.total, done.folder) == (tiny.PER_EPOCH, tiny.PER_EPOCH, folder)
    return folder


def test_a_run_is_the_one_that_the_configuration_would_have_made(store, run, tmp_path):
    pretrain(tiny.config(epochs=1), [store.path], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])
    assert tiny.same_bits(tiny.state(run), tiny.state(tmp_path / "run"))


def test_a_recipe_by_name_takes_changes_of_its_parts_and_tells_nothing_where_it_is_not_to(store, tmp_path, capfd):
    changes = {"epochs": 1, "frames": 12, "method": {"temperature": 0.3}, "optimiser": {"name": "adamw", "lr": 0.01}}
    done = skelact.pretrain("skeletonclr-small", [str(store.path)], tmp_path / "run", progress=False, **changes)
    kept = json.loads((done.folder / "config.json").read_text())["config"]
    assert done.finished
    assert (kept["epochs"], kept["frames"], kept["method"]["temperature"], kept["recipe"]) == (
        1,
        12,
        0.3,
        "skeletonclr-small",
    )
    optimiser = kept["optimiser"]
    assert (optimiser["name"], optimiser["lr"], optimiser["schedule"]) == ("adamw", 0.01, "cosine")
    assert kept["batch"] == 20  # of 20 clips, where the recipe has 64
    assert capfd.readouterr() == ("", "")


def test_an_optimiser_may_be_given_whole(store, tmp_path):
    config = tiny.config(epochs=1)
    done = skelact.pretrain(config, store, tmp_path / "run", progress=False, optimiser=AdamW(lr=0.01))
    assert json.loads((done.folder / "config.json").read_text())["config"]["optimiser"]["name"] == "adamw"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epoch": 1}, "^no setting epoch; there are recipe, method, "),
        ({"method": {"banks": 1}}, "^no setting method.banks; there are temperature, "),
        ({"epochs": 0}, "^epochs: Input should be greater than or equal to 1, got 0$"),
        ({"method": {"momentum": 2}}, "^method.momentum: Input should be less than"),
        ({"optimiser": {"name": "lion"}}, "^optimiser.name: Input should be 'sgd', got 'lion'$"),
        ({"batch": 50, "method": {"bank": 50}}, "a batch of 50 needs as many training clips, found 14"),
    ],
)
def test_a_change_that_cannot_be_is_named(changes, message, store, tmp_path):
    with pytest.raises(skelact.SkelactError, match=message):
        skelact.pretrain(tiny.config(), store, tmp_path / "run", split=tiny.SPLIT, progress=False, **changes)
    assert not (tmp_path / "run").exists()


def test_a_recipe_that_there_is_not_is_told_with_those_there_are(store, tmp_path):
    with pytest.raises(skelact.SkelactError, match="no recipe 'simclr'; there are skeletonclr, aimclr"):
        skelact.pretrain("simclr", store, tmp_path / "run")


def test_features_are_the_same_of_a_store_its_path_its_clips_and_a_loaded_encoder(store, run, capfd):
    encoder = skelact.load(str(run))
    expected = encoder.embed(store)
    assert expected.shape == (20, 8)
    clips = np.asarray(store.prepared(encoder.card.preparation, encoder.card.frames, progress=False).clips)
    for found in (
        skelact.embed(encoder, store),
        skelact.embed(run, store.path),
        skelact.embed(encoder, clips),
        skelact.embed(encoder, clips, skeleton=store.skeleton, units="metres"),
        skelact.embed(encoder, clips.transpose(0, 2, 3, 1, 4), axes="ntvcm"),
    ):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(skelact.embed(encoder, clips * 1000, units="mm"), expected, rtol=1e-4, atol=1e-5)
    assert capfd.readouterr().out == ""


def test_what_contradicts_itself_is_refused(store, run, tmp_path):
    with pytest.raises(skelact.SkelactError, match="a store has its own skeleton and units"):
        skelact.embed(run, store, units="mm")
    with pytest.raises(skelact.SkelactError, match="expected an encoder of the bone stream"):
        skelact.embed(skelact.load(run), store, stream="bone")
    with pytest.raises(skelact.SkelactError, match="no such run"):
        skelact.load(tmp_path / "nothing")
    with pytest.raises(skelact.SkelactError, match="expected no options with a reader of your own, got skeleton"):
        skelact.prepare(reader("ntu"), tmp_path, tmp_path / "out", skeleton="coco_17")


def test_a_result_is_the_one_that_the_command_gives(store, run):
    result = skelact.evaluate(run, "knn", store, tiny.SPLIT, seeds=1, progress=False, k=(1,))
    expected = evaluate_run("knn", run, store.path, tiny.SPLIT, 1, KnnConfig(k=(1,)), False)
    assert (result.last, result.control) == (expected.last, expected.control)
    assert result.recipe["k"] == [1]
    found = skelact.evaluate(run, "retrieval", str(store.path), tiny.SPLIT, seeds=1, progress=False)
    assert isinstance(found, Retrieved)


@pytest.mark.parametrize(
    ("protocol", "options", "message"),
    [
        ("knnn", {}, "no protocol 'knnn'; there are knn, ridge, retrieval"),
        ("knn", {"epochs": 1}, "^no setting epochs; there are k, cap, temperature$"),
        ("linear", {"lr": -1}, "^lr: Input should be greater than 0, got -1$"),
    ],
)
def test_a_protocol_or_option_that_cannot_be_is_named(protocol, options, message, store, run):
    with pytest.raises(skelact.SkelactError, match=message):
        skelact.evaluate(run, protocol, store, tiny.SPLIT, **options)


def test_recordings_become_a_store_and_get_names(tmp_path, run):
    joints = tiny.recordings()[0].joints[None, :, 0]  # (1, t, v, 3)
    (tmp_path / "five.json").write_text(tiny.FIVE.model_dump_json())
    np.savez(tmp_path / "clips.npz", x=joints, labels=[0])
    options = {"axes": "ntvc", "skeleton": str(tmp_path / "five.json"), "units": "metres"}
    made = skelact.prepare("arrays", tmp_path / "clips.npz", tmp_path / "made", progress=False, jobs=1, **options)
    assert isinstance(made, skelact.Store)
    np.testing.assert_array_equal(made.recording(0).joints[:, 0], joints[0])
    with pytest.raises(skelact.SkelactError, match="no classifier head"):
        skelact.classify(run, "arrays", tmp_path / "clips.npz", **options)


def test_a_split_is_that_of_the_store(store):
    found = skelact.split(str(store.path), tiny.SPLIT)
    assert (len(found.train), len(found.test)) == (tiny.TRAIN_CLIPS, 6)
