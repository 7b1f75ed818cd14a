"""Published checkpoints: read whole or refused with what does not fit; never run."""

import pickle
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import tiny
from published_names import published
from skelact.data.readers.ntu_classes import NTU_CLASSES
from skelact.encoders.config import STGCNConfig
from skelact.encoders.stgcn.imported import Import, import_weights
from skelact.encoders.stgcn.network import STGCN
from skelact.layouts import COCO_17, H36M_17, KINECT_V2, OPENPOSE_25
from skelact.system.world import SkelactError

FEATURES = 12


@pytest.fixture(scope="module")
def network() -> STGCN:
    torch.manual_seed(11)
    made = STGCN(STGCNConfig(width=3, features=FEATURES), KINECT_V2)
    with torch.no_grad():
        made(torch.randn(2, 3, 12, 25, 1))
    return made


def read(tmp_path: Path, state: Any, **told: Any) -> Import:
    torch.save(state, tmp_path / "published.pt")
    return import_weights(tmp_path / "published.pt", **told)


def assert_is(found: Import, network: STGCN) -> None:
    assert tiny.same_bits(dict(found.encoder.network.state_dict()), dict(network.state_dict()))


@pytest.mark.parametrize("prefix", ["", "encoder_q.", "module.", "module.encoder_q."])
def test_names_may_have_the_prefixes_of_the_published_programs(prefix, network, tmp_path):
    found = read(tmp_path, published(network, prefix))
    assert_is(found, network)
    assert found.encoder.head is None
    assert not found.left_out
    assert len(found.loaded) == len(network.state_dict())
    report = found.report()
    assert f"loaded: {len(network.state_dict())} tensors, width 3, kinect_v2, no classifier head" in report


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict"])
def test_a_state_dict_may_lie_inside_a_training_checkpoint(key, network, tmp_path):
    assert_is(read(tmp_path, {"epoch": 3, key: published(network)}), network)


def test_the_card_says_how_clips_are_prepared_for_it(network, tmp_path):
    card = read(tmp_path, published(network)).encoder.card
    assert (card.stream, card.preparation, card.frames, card.persons) == ("joint", "released", 50, 2)
    assert (card.encoder.width, card.encoder.features, card.encoder.channels) == (3, FEATURES, 3)
    assert card.skeleton == KINECT_V2
    assert card.origin.startswith("imported from published.pt, sha256 ")
    card = read(tmp_path, published(network), stream="motion", preparation="robust", frames=64, persons=1).encoder.card
    assert (card.stream, card.preparation, card.frames, card.persons) == ("motion", "robust", 64, 1)


@pytest.mark.parametrize("prefix", ["", "encoder_q."])
@pytest.mark.parametrize("form", ["linear", "convolution"])
def test_a_classifier_head_is_kept_as_linear_layer(form, prefix, network, tmp_path):
    head = nn.Linear(FEATURES, 60) if form == "linear" else nn.Conv2d(FEATURES, 60, 1)
    found = read(
        tmp_path,
        {**published(network, prefix), f"{prefix}fc.weight": head.weight.data, f"{prefix}fc.bias": head.bias.data},
    )
    kept = found.encoder.head
    assert kept is not None
    h = torch.randn(5, FEATURES)
    with torch.no_grad():
        expected = head(h) if form == "linear" else head(h[:, :, None, None])[:, :, 0, 0]
    assert torch.allclose(kept(h), expected, atol=1e-6)
    assert found.encoder.card.classes == NTU_CLASSES[:60]
    assert "with a head of 60 classes" in found.report()
    assert len(found.loaded) == len(network.state_dict()) + 2


def with_head(network: STGCN, classes: int) -> dict[str, Tensor]:
    return {**published(network), "fc.weight": torch.randn(classes, FEATURES), "fc.bias": torch.zeros(classes)}


def test_labels_of_a_head_are_given_or_numbered(network, tmp_path):
    assert read(tmp_path, with_head(network, 3)).encoder.card.classes == ("class 0", "class 1", "class 2")
    assert read(tmp_path, with_head(network, 2), classes=("walk", "run")).encoder.card.classes == ("walk", "run")
    with pytest.raises(SkelactError, match=r"2 outputs, expected as many class names \(--classes\), found 3"):
        read(tmp_path, with_head(network, 2), classes=("walk", "run", "sit"))


def pretraining(network: STGCN) -> dict[str, Tensor]:
    """A pretraining checkpoint: query and key encoders with projection heads, and the bank."""
    torch.manual_seed(12)
    key = STGCN(network.config, KINECT_V2)
    state = {**published(network, "encoder_q."), **published(key, "encoder_k.")}
    for encoder in ("encoder_q", "encoder_k"):
        for layer in (0, 2):
            state |= {
                f"{encoder}.fc.{layer}.weight": torch.randn(12, 12),
                f"{encoder}.fc.{layer}.bias": torch.randn(12),
            }
    return {**state, "queue": torch.randn(12, 64), "queue_ptr": torch.zeros(1, dtype=torch.long)}


def test_of_a_pretraining_checkpoint_the_query_encoder_is_read_and_the_rest_named(network, tmp_path):
    found = read(tmp_path, pretraining(network))
    assert_is(found, network)
    assert found.encoder.head is None
    assert len(found.left_out) == len(network.state_dict()) + 4 + 4 + 2
    report = found.report()
    assert f"left out, not part of an encoder: {len(found.left_out)} tensors" in report
    for part in ("encoder_k.", "fc.0", "queue"):
        assert part in report


def test_of_skeattnclrs_pretraining_the_graph_is_known_and_the_untrained_classifier_is_left_out(tmp_path):
    torch.manual_seed(14)
    network = STGCN(STGCNConfig(width=3, features=FEATURES, graph="directed"), KINECT_V2)
    state = {**published(network, "encoder_q.backbone."), **published(network, "encoder_k.backbone.")}
    for encoder in ("encoder_q", "encoder_k"):
        state |= {
            f"{encoder}.backbone.fc.weight": torch.randn(60, FEATURES),
            f"{encoder}.backbone.fc.bias": torch.randn(60),
            f"{encoder}.neck.Attn.qkv.weight": torch.randn(3 * FEATURES, FEATURES),
        }
    state |= {"predictor_ns.mlp.0.weight": torch.randn(12, 4, 1), "queue_s": torch.randn(4, 64)}
    found = read(tmp_path, state)
    assert_is(found, network)
    assert found.encoder.head is None
    assert found.encoder.card.encoder == network.config.model_copy(update={"dropout": 0.5})
    assert "encoder_q.backbone" not in found.report()
    assert {"fc.weight", "fc.bias"} <= {name.removeprefix("encoder_q.backbone.") for name in found.left_out}


def test_of_a_checkpoint_with_an_encoder_for_each_stream_the_one_asked_for_is_read(network, tmp_path):
    torch.manual_seed(13)
    motion = STGCN(network.config, KINECT_V2)
    state = {**pretraining(network), **published(motion, "encoder_q_motion."), **published(motion, "encoder_k_motion.")}
    assert_is(read(tmp_path, state), network)
    assert_is(read(tmp_path, state, stream="motion"), motion)


def test_missing_tensors_are_named(network, tmp_path):
    state = published(network)
    del state["st_gcn_networks.7.tcn.2.bias"], state["edge_importance.3"]
    with pytest.raises(SkelactError, match=r"missing: 2: blocks\.3\.importance, blocks\.7\.temporal\.bias"):
        read(tmp_path, state)


@pytest.mark.parametrize(
    "name", ["st_gcn_networks.10.gcn.conv.weight", "st_gcn_networks.2.attention.weight", "decoder.weight", "A2"]
)
def test_unexpected_tensors_are_named(name, network, tmp_path):
    with pytest.raises(SkelactError, match=r"unexpected: 1: \S+"):
        read(tmp_path, {**published(network), name: torch.ones(2)})


def test_misshaped_tensors_are_named_with_both_shapes(network, tmp_path):
    state = published(network)
    state["data_bn.weight"] = torch.ones(51)
    with pytest.raises(SkelactError, match=r"misshaped: 1: input_norm\.weight \(expected \(75,\), found \(51,\)\)"):
        read(tmp_path, state)


def test_a_head_that_does_not_fit_is_an_error(network, tmp_path):
    with pytest.raises(SkelactError, match=r"(?s)head does not fit.*expected \(60, 12\), found \(60, 13\)"):
        read(tmp_path, {**published(network), "fc.weight": torch.ones(60, 13), "fc.bias": torch.ones(60)})
    with pytest.raises(SkelactError, match="expected a head with weight and bias, found only weight"):
        read(tmp_path, {**published(network), "fc.weight": torch.ones(60, 12)})


def test_old_checkpoints_lack_the_batch_counters_of_batchnorm(network, tmp_path):
    state = {name: tensor for name, tensor in published(network).items() if "num_batches_tracked" not in name}
    found = read(tmp_path, state)
    for name, tensor in found.encoder.network.state_dict().items():
        expected = torch.tensor(0) if "num_batches_tracked" in name else network.state_dict()[name]
        assert torch.equal(tensor, expected)
    del state["data_bn.running_var"]
    with pytest.raises(SkelactError, match=r"missing: 1: input_norm\.running_var"):
        read(tmp_path, state)


def test_a_layout_that_is_not_built_in_has_to_be_given(tmp_path):
    small = STGCN(STGCNConfig(width=2, features=4), tiny.FIVE)
    with pytest.raises(SkelactError, match=r"no built-in layout has 5 joints; give one with --skeleton FILE\.json"):
        read(tmp_path, published(small))
    found = read(tmp_path, published(small), skeleton=tiny.FIVE)
    assert_is(found, small)
    assert found.encoder.card.skeleton == tiny.FIVE
    with pytest.raises(SkelactError, match=r"misshaped"):
        read(tmp_path, published(small), skeleton=KINECT_V2)


@pytest.mark.parametrize("layout", [KINECT_V2, OPENPOSE_25, COCO_17, H36M_17], ids=lambda layout: layout.name)
@pytest.mark.parametrize("graph", ["spatial", "directed"])
def test_of_layouts_with_as_many_joints_it_is_the_one_whose_graph_the_file_has(layout, graph, tmp_path):
    network = STGCN(STGCNConfig(width=3, features=4, graph=graph), layout)
    found = read(tmp_path, published(network))
    assert found.encoder.card.skeleton == layout
    assert found.encoder.card.encoder.graph == graph
    assert f"layout: {layout.name}: the file has its {graph} graph" in found.report().splitlines()


def test_a_graph_that_no_layout_has_is_told(network, tmp_path):
    state = published(network)
    state["A"] = state["A"] * 0.5
    (line,) = [line for line in read(tmp_path, state).report().splitlines() if line.startswith("layout")]
    assert line.startswith("layout: kinect_v2: it has 25 joints; the file's graph is not a built-in one and is kept")
    assert "openpose_25 would fit too: choose with --skeleton FILE.json" in line


def test_the_published_graph_is_read_from_the_file_not_made_anew(network, tmp_path):
    state = published(network)
    state["A"] = state["A"] * 0.5
    assert torch.equal(read(tmp_path, state).encoder.network.adjacency, network.adjacency * 0.5)


@pytest.mark.parametrize(
    "held",
    [
        {},
        [1, 2],
        torch.ones(3),
        {"weight": 3},
        {"A": torch.ones(3, 25, 25)},
        {"fc.weight": torch.ones(3), "fc.bias": torch.ones(3)},
        {"state_dict": {}},
    ],
)
def test_pytorch_files_of_another_kind_are_errors_that_name_the_file(held, tmp_path):
    with pytest.raises(
        SkelactError, match=r"published\.pt: (expected a dictionary of tensors|not a checkpoint of the)"
    ):
        read(tmp_path, held)


LAST, FIRST = "st_gcn_networks.9.tcn.2.weight", "st_gcn_networks.0.gcn.conv.weight"


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("A", (25, 25)),
        ("A", (3, 25, 20)),
        ("A", (30, 25, 25)),
        ("A", (0, 25, 25)),
        (FIRST, (9, 3)),
        (LAST, ()),
        (LAST, (0, 12, 9, 1)),
        ("fc.weight", ()),
        ("fc.weight", (0, 12)),
    ],
)
def test_shapes_that_give_no_size_are_errors_that_name_them(name, shape, network, tmp_path):
    state = {**with_head(network, 2), name: torch.ones(shape)}
    with pytest.raises(SkelactError, match=r"published\.pt: expected a.* found .*" + re.escape(str(shape))):
        read(tmp_path, state)


class Code:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("form", ["zip", "pickle"])
def test_a_file_with_code_is_refused_and_the_code_does_not_run(form, network, tmp_path):
    state = {**published(network), "code": Code(tmp_path / "ran")}
    file = tmp_path / "published.pt"
    if form == "zip":
        torch.save(state, file)
    else:
        file.write_bytes(pickle.dumps({"code": Code(tmp_path / "ran")}, protocol=2))
    with pytest.raises(SkelactError, match=r"published\.pt: not a file of PyTorch weights .*run code.* are refused"):
        import_weights(file)
    assert not (tmp_path / "ran").exists()
    torch.load(file, weights_only=False) if form == "zip" else pickle.loads(file.read_bytes())
    assert (tmp_path / "ran").exists()  # the trap works


def test_files_that_are_no_weights_are_errors_that_name_them(network, tmp_path):
    file = tmp_path / "published.pt"
    torch.save(published(network), file)
    whole = file.read_bytes()
    for damaged in (b"", b"hello\n", b"%PDF-1.7\n", whole[:100], whole[: len(whole) // 2], whole[:-10], b"\x80\x02"):
        file.write_bytes(damaged)
        with pytest.raises(SkelactError, match=r"published\.pt: not a file of PyTorch weights"):
            import_weights(file)
    for missing in (tmp_path / "none.pt", tmp_path):
        with pytest.raises(SkelactError, match="no such file"):
            import_weights(missing)


def test_the_published_checkpoint_loads_whole(shared):
    found = import_weights(shared / "weights/aimclr_ntu60_xview_joint_linear.pt")
    assert found.encoder.head is not None
    assert found.encoder.head.out_features == 60
    assert found.encoder.card.encoder == STGCNConfig()
    assert found.encoder.card.skeleton == KINECT_V2
    assert not found.left_out
    assert len(found.loaded) == 179
