"""Transfer to another store, and all protocols in one call."""

import json

import numpy as np
import pytest
from rich.console import Console

from skelact.data.recording import Recording
from skelact.data.store import write_store
from skelact.evaluation.everything import evaluate_all, summary
from skelact.evaluation.protocols import all_options
from skelact.evaluation.protocols.finetune import FinetuneConfig
from skelact.evaluation.protocols.transfer import TransferConfig
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.run import evaluate_run
from skelact.layouts import COCO_17, KINECT_V1, KINECT_V2
from skelact.report import report
from skelact.system.world import SkelactError, read_json, write_json
from skelact.train.labels import LinearConfig, SupervisedConfig
from skelact.train.tune import TuneConfig

SPLIT = "subject=0,1,2"
SHORT = {"lr": 0.05, "batch": 6, "epochs": 2, "milestones": ()}
LINEAR = LinearConfig(batch=6, epochs=3)
TRANSFER = TransferConfig(linear=LINEAR, finetune=FinetuneConfig(**SHORT))
ALL = all_options()(
    linear=LINEAR,
    semi=TuneConfig(**SHORT),
    finetune=FinetuneConfig(**SHORT),
    supervised=SupervisedConfig(**SHORT),
    shares=(0.5, 0.1, 0.15),
)


def in_layout(clips, skeleton):
    """The clips with the joints of another layout, found by name; joints that they lack stand at the origin."""
    for clip in clips:
        joints = np.zeros((*clip.joints.shape[:2], len(skeleton), 3), np.float32)
        for place, joint in enumerate(skeleton.joints):
            if joint in KINECT_V1.joints:
                joints[:, :, place] = clip.joints[:, :, KINECT_V1.joints.index(joint)]
        yield Recording(clip.name, joints, clip.identity, clip.action, subject=clip.subject)


def transfer(run, store) -> Result:
    result = evaluate_run("transfer", run, store.path, SPLIT, 1, TRANSFER, progress=False)
    assert isinstance(result, Result)
    return result


def made(path, clips, skeleton):
    return write_store(
        path, dataset="own", skeleton=skeleton, classes=("a", "b", "c"), units="m", frame_rate=30.0, recordings=clips
    )


def test_transfer_is_linear_and_finetune_on_the_other_store(run, store):
    found = transfer(run, store)
    linear = evaluate_run("linear", run, store.path, SPLIT, 1, LINEAR, progress=False)
    tuned = evaluate_run("finetune", run, store.path, SPLIT, 1, FinetuneConfig(**SHORT), progress=False)
    assert isinstance(linear, Result)
    assert isinstance(tuned, Result)
    assert (found.last, found.best, found.control) == (tuned.last, tuned.best, tuned.control)
    assert found.frozen is not None
    assert (found.frozen.last, found.frozen.control) == (linear.last, linear.control)


def test_transfer_to_another_skeleton_goes_by_joint_name(tmp_path, run, recordings):
    wider = transfer(run, made(tmp_path / "wider", list(in_layout(recordings(), KINECT_V2)), KINECT_V2))
    assert (wider.store, wider.test_clips) == ("wider", 6)
    values = json.loads((run / "evaluate" / f"transfer-wider-{SPLIT}.json").read_text())
    assert {"last", "best", "control", "frozen"} <= values.keys()
    poorer = made(tmp_path / "poorer", list(in_layout(recordings(), COCO_17)), COCO_17)
    with pytest.raises(SkelactError, match=r"are missing: .*hip_center"):
        transfer(run, poorer)


def test_transfer_to_the_store_of_pretraining_is_refused(run, store):
    hash = store.prepared("released", 8, progress=False).hash
    write_json(run / "config.json", {"stores": [{"name": "store", "hash": hash}]})
    with pytest.raises(SkelactError, match="pretrained on store, so this is no transfer"):
        transfer(run, store)
    write_json(run / "config.json", {"stores": [{"name": "store"}]})
    with pytest.raises(SkelactError, match="expected the stores that the run was pretrained on"):
        transfer(run, store)


def test_all_runs_every_protocol_once_and_the_second_time_none(run, store, capsys, monkeypatch):
    found = evaluate_all(run, store.path, SPLIT, 1, ALL, progress=False)
    # 10 % and 15 % of the 6 clips of a class are one clip.
    labels = ["knn", "ridge", "retrieval", "clustering", "linear", "semi 10pct", "semi 50pct", "finetune", "supervised"]
    assert [one.label for one in found] == labels
    assert "semi 15 %: the same 3 clips as 10 %, left out" in capsys.readouterr().err
    assert len(list((run / "evaluate").glob("*.json"))) == len(labels)

    def refuse(*_, **__):
        raise AssertionError("the encoder ran")

    with monkeypatch.context() as patch:
        patch.setattr("skelact.encoders.stgcn.network.STGCN.forward", refuse)
        assert evaluate_all(run, store.path, SPLIT, 1, ALL, progress=False) == found
    said = capsys.readouterr().err
    assert said.count("already evaluated") == len(labels)
    # One from before there was a schedule to choose.
    of_before = run / "evaluate" / f"linear-store-{SPLIT}.json"
    values = read_json(of_before)
    assert values["recipe"].pop("schedule") == "step"
    write_json(of_before, values, sealed=True)
    evaluate_all(run, store.path, SPLIT, 1, ALL, progress=False)
    assert capsys.readouterr().err.count("already evaluated") == len(labels)
    (run / "evaluate" / f"linear-store-{SPLIT}.npz").unlink()
    evaluate_all(run, store.path, SPLIT, 1, ALL, progress=False)
    said = capsys.readouterr().err
    assert said.count("already evaluated") == len(labels) - 1
    assert f"linear-store-{SPLIT}: there" not in said


def test_the_summary_and_the_report_have_a_row_for_each(run, store, capsys):
    found = evaluate_all(run, store.path, SPLIT, 1, ALL, progress=False)
    found.append(transfer(run, store))
    capsys.readouterr()
    Console(width=200).print(summary(found))
    shown = capsys.readouterr().out
    write_json(run / "config.json", {"config": {"method": {"name": "aimclr"}}, "stores": []})
    page = report([run]).read_text()
    for one in found:
        assert one.label in shown
        assert f"<b>{one.label}</b>" in page
    for figure in ("mAP", "recall@5", "NMI x 100", "accuracy"):
        assert figure in shown
        assert figure in page
