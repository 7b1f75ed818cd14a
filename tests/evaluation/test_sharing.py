"""Controls that runs share: taken only where all that they depend on is the same, and then the very same."""

import json

import pytest

from skelact.data.store import Store
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import load_encoder, random_encoder, save_encoder
from skelact.evaluation import control as controlling
from skelact.evaluation import frozen, sharing
from skelact.evaluation import tuned as learning
from skelact.evaluation.protocols.finetune import FinetuneConfig
from skelact.evaluation.protocols.knn import KnnConfig
from skelact.evaluation.protocols.semi import SemiConfig
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.run import evaluate_run
from skelact.system.world import SkelactError
from skelact.train.labels import LinearConfig, SupervisedConfig

SPLIT = "subject=0,1,2"
SHORT = {"lr": 0.05, "batch": 6, "epochs": 2, "milestones": ()}
OPTIONS = {
    "knn": KnnConfig(),
    "linear": LinearConfig(batch=6, epochs=3),
    "semi": SemiConfig(**SHORT, share=0.5),
    "finetune": FinetuneConfig(**SHORT),
    "supervised": SupervisedConfig(**SHORT),
}


@pytest.fixture
def other(tmp_path, card):
    """A run whose encoder has the same shape as the first one's, and other weights."""
    folder = tmp_path / "other"
    folder.mkdir()
    save_encoder(folder / "encoder.safetensors", random_encoder(card, 78).network, card)
    return folder


def evaluated(protocol, run, store: Store, controls=None, seeds=2, recipe=None, split=SPLIT) -> Result:
    found = evaluate_run(
        protocol, run, store.path, split, seeds, recipe or OPTIONS[protocol], progress=False, controls=controls
    )
    assert isinstance(found, Result)
    return found


@pytest.mark.parametrize("protocol", OPTIONS)
def test_a_second_run_takes_the_control_that_it_would_have_computed(protocol, run, other, store, tmp_path, monkeypatch):
    controls = tmp_path / "controls"
    first = evaluated(protocol, run, store, controls)
    assert not first.control.taken_from
    expected = evaluated(protocol, other, store)
    with monkeypatch.context() as patched:
        for module in (frozen, controlling):
            patched.setattr(module, "control", None)  # nothing may compute one
        patched.setattr(learning, "from_nothing", None)
        second = evaluated(protocol, other, store, controls)
    assert second.control.taken_from == next(controls.iterdir()).name
    assert second.control.model_copy(update={"taken_from": ""}) == expected.control
    assert second.last == expected.last


def test_another_shape_recipe_seed_split_or_label_makes_its_own(run, card, store, tmp_path):
    controls = tmp_path / "controls"

    def taken(run=run, **given):
        return bool(evaluated("knn", run, store, controls, **given).control.taken_from)

    wide = tmp_path / "wide"
    wide.mkdir()
    wider = card.model_copy(update={"encoder": STGCNConfig(width=3, features=12)})
    save_encoder(wide / "encoder.safetensors", random_encoder(wider, 0).network, wider)
    assert not taken()
    assert taken()
    assert not taken(run=wide)
    assert not taken(recipe=KnnConfig(temperature=0.2))
    assert not taken(seeds=3)
    assert not taken(split="subject=0,1")
    assert len(list(controls.iterdir())) == 5


def test_the_labels_belong_to_it(run, store, tmp_path, monkeypatch):
    controls = tmp_path / "controls"
    evaluated("knn", run, store, controls)
    labels = sharing.Case.labels.fget
    assert labels is not None
    monkeypatch.setattr(sharing.Case, "labels", property(lambda case: (labels(case) + 1) % 3))
    assert not evaluated("knn", run, store, controls).control.taken_from


def test_semi_takes_it_only_for_the_same_labelled_clips(run, other, store, tmp_path):
    controls = tmp_path / "controls"
    evaluated("semi", run, store, controls, seeds=1)
    kept = next((run / "evaluate").glob("semi-*.csv"))
    head, *rows = kept.read_text(encoding="utf-8").splitlines()
    chosen = [row.split(",") for row in rows]
    table = store.table
    same_class = [
        str(name)
        for name, action, subject in zip(table["name"], table["action"], table["subject"], strict=True)
        if action == int(chosen[0][1]) and subject in (0, 1, 2) and [str(name), str(action)] not in chosen
    ]
    chosen[0][0] = same_class[0]
    (other / "evaluate").mkdir()
    (other / "evaluate" / kept.name).write_text("\n".join([head, *map(",".join, chosen)]) + "\n", encoding="utf-8")
    assert not evaluated("semi", other, store, controls, seeds=1).control.taken_from
    assert len(list(controls.iterdir())) == 2


def test_the_card_of_a_result_does_not_matter(run, store, tmp_path):
    """Method, origin and classes say what was learned, which a control does not depend on."""
    controls = tmp_path / "controls"
    evaluated("knn", run, store, controls)
    loaded = load_encoder(run)
    renamed = loaded.card.model_copy(update={"method": "skeletonclr", "origin": "elsewhere"})
    save_encoder(run / "encoder.safetensors", loaded.network, renamed)
    assert evaluated("knn", run, store, controls).control.taken_from


def test_damaged_files_are_named_and_kept(run, store, tmp_path):
    controls = tmp_path / "controls"
    evaluated("knn", run, store, controls)
    file = next(controls.iterdir())
    values = json.loads(file.read_text(encoding="utf-8"))
    for damage in ({**values, "identity": {}}, {**values, "control": {"top1": "high"}}):
        file.write_text(json.dumps(damage), encoding="utf-8")
        with pytest.raises(SkelactError, match=file.name):
            evaluated("knn", run, store, controls)
        assert json.loads(file.read_text(encoding="utf-8")) == damage
