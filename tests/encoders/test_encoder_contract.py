"""What every encoder keeps to, and what follows from what it says of itself, on ST-GCN and on a GRU of two layers."""

import ast
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from gru_encoder import GRU, GRUConfig
from pydantic import ValidationError

import skelact
import tiny
from skelact.encoders import config as encoders
from skelact.encoders.config import STGCNConfig
from skelact.encoders.encoder import there
from skelact.encoders.file import EncoderCard, load_encoder, random_encoder, save_encoder
from skelact.evaluation.run import evaluate_run
from skelact.methods import AimCLR, SkeAttnCLR, build
from skelact.skeleton import Skeleton
from skelact.system.world import SkelactError
from skelact.train import TrainConfig, pretrain
from skelact.train.labels import SupervisedConfig

SOURCES = Path(skelact.__file__).parent
EVERY = {
    "stgcn": STGCNConfig(width=2, features=8, dropout=0),
    "stgcn, absent left out": STGCNConfig(width=2, features=8, dropout=0, absent="left_out"),
    "gru": GRUConfig(),
    "gru, absent left out": GRUConfig(absent="left_out"),
}


@pytest.fixture(autouse=True)
def listed(monkeypatch):
    """The GRU is one of the encoders that there are."""
    monkeypatch.setattr(encoders, "ENCODERS", (*encoders.ENCODERS, GRUConfig))


@pytest.fixture(params=EVERY)
def network(request):
    torch.manual_seed(0)
    return EVERY[request.param].build(tiny.FIVE, 12, 2).double()


def pairs(clips: int = 4) -> torch.Tensor:
    """Clips of two persons, of whom the second is absent in every other clip."""
    x = torch.randn(clips, 3, 12, 5, 2, generator=torch.Generator().manual_seed(1)).double()
    x[::2, ..., 1] = 0
    return x


def card(config) -> EncoderCard:
    return EncoderCard(encoder=config, skeleton=tiny.FIVE, preparation="released", frames=12, persons=1)


@pytest.mark.parametrize("training", [True, False])
def test_the_map_has_the_persons_channels_and_axes_that_the_encoder_tells(network, training):
    x, network = pairs(), network.train(training)
    features, persons = network.feature_map(x), network.persons(x)
    assert features.shape[:2] == (int(persons.sum()), network.channels)
    assert features.ndim == 2 + len(network.axes)
    assert torch.equal(persons, there(x) if network.leaves_out_absent else torch.ones(4, 2, dtype=torch.bool))
    assert network.has_joint_axis == (network.axes == ("time", "joint")) == (features.shape[2:] == (3, 5))


@pytest.mark.parametrize("training", [True, False])
def test_the_pooled_map_is_what_forward_gives(network, training):
    x, network = pairs(), network.train(training)
    h = network(x)
    assert h.shape == (4, network.features)
    torch.testing.assert_close(network.pool(network.feature_map(x), x), h)


def test_h_is_the_mean_of_its_persons_alone_those_that_are_absent_left_out_where_the_encoder_says_so(network):
    x, network = pairs(), network.eval()
    alone = torch.stack([network(x[..., :1]), network(x[..., 1:])], 1)
    weight = (network.persons(x)).double()[..., None]
    torch.testing.assert_close(network(x), (alone * weight).sum(1) / weight.sum(1))


@pytest.mark.parametrize("name", EVERY)
def test_a_file_gives_back_the_network_its_type_and_its_card(name, tmp_path):
    made = random_encoder(card(EVERY[name]), 3)
    named = made.card.model_copy(update={"classes": ("walk", "run")})
    save_encoder(tmp_path / "a", made.network, named, torch.nn.Linear(8, 2))
    found = load_encoder(tmp_path / "a")
    assert type(found.network) is type(made.network)
    assert found.card == named
    assert found.head is not None
    assert tiny.same_bits(dict(found.network.state_dict()), dict(made.network.state_dict()))


@pytest.mark.parametrize("name", EVERY)
def test_a_run_keeps_the_encoder_with_all_its_numbers(name):
    run = tiny.config(encoder=EVERY[name])
    again = TrainConfig.model_validate_json(run.model_dump_json())
    assert again == run
    assert type(again.encoder) is type(EVERY[name])
    assert list(json.loads(run.model_dump_json())["encoder"]) == list(type(EVERY[name]).model_fields)


def test_a_configuration_without_a_name_is_of_st_gcn():
    values = tiny.config().model_dump(mode="json")
    del values["encoder"]["name"]
    assert TrainConfig.model_validate(values) == tiny.config()
    del values["encoder"]
    assert TrainConfig.model_validate(values).encoder == STGCNConfig()
    values = card(STGCNConfig(width=3)).model_dump(mode="json")
    del values["encoder"]["name"]
    assert EncoderCard.model_validate(values) == card(STGCNConfig(width=3))


def test_a_layout_of_very_many_joints_is_read_where_the_tensors_are_of_as_many(tmp_path):
    def chain(joints: int) -> Skeleton:
        return Skeleton(name="chain", joints=tuple(f"j{n}" for n in range(joints)), parents=(-1, *range(joints - 1)))

    large = card(GRUConfig()).model_copy(update={"skeleton": chain(1001)})
    save_encoder(tmp_path / "large", random_encoder(large, 0).network, large)
    assert load_encoder(tmp_path / "large").card == large
    save_encoder(tmp_path / "other", random_encoder(card(GRUConfig()), 0).network, large)
    with pytest.raises(SkelactError, match="the card has 1001 joints, the tensors are not of as many"):
        load_encoder(tmp_path / "other")


def test_an_encoder_that_is_not_listed_is_refused_by_name_with_those_that_are(monkeypatch):
    values = card(GRUConfig()).model_dump()
    monkeypatch.setattr(encoders, "ENCODERS", (STGCNConfig,))
    with pytest.raises(ValidationError, match="expected an encoder of stgcn, found 'gru'"):
        EncoderCard.model_validate(values)
    with pytest.raises(ValidationError, match="expected an encoder of stgcn, found gru: list its configuration"):
        tiny.config(encoder=GRUConfig())


@pytest.mark.parametrize("name", ["", 5, None, ["gru"], {"gru": 1}])
def test_a_name_of_another_kind_is_refused(name):
    with pytest.raises(ValidationError, match="expected an encoder of stgcn, gru, found"):
        EncoderCard.model_validate({**card(GRUConfig()).model_dump(), "encoder": {"name": name}})


def test_a_number_out_of_range_is_named_by_its_place():
    with pytest.raises(ValidationError) as refused:
        TrainConfig.model_validate({**tiny.config().model_dump(), "encoder": {"width": 0}})
    assert refused.value.errors()[0]["loc"] == ("encoder", "width")


def test_a_gru_is_pretrained_kept_read_again_and_evaluated(tmp_path):
    store = tiny.store(tmp_path / "store")
    store.prepared("released", 12)
    run = tiny.config(encoder=GRUConfig(), epochs=1)
    done = pretrain(run, [store.path], [tiny.SPLIT], tmp_path / "run", tiny.console()[0])
    assert done.step == tiny.PER_EPOCH
    loaded = load_encoder(tmp_path / "run")
    assert isinstance(loaded.network, GRU)
    trained = {
        name.removeprefix("query.encoder."): held for name, held in tiny.state(tmp_path / "run")["method"].items()
    }
    weights = loaded.network.state_dict()
    assert weights
    assert tiny.same_bits(dict(weights), {name: trained[name] for name in weights})
    untrained = random_encoder(loaded.card, run.seed).network.state_dict()
    assert all(not torch.equal(weights[name], untrained[name]) for name in weights)
    result = evaluate_run("knn", tmp_path / "run", store.path, tiny.SPLIT, seeds=1, progress=False)
    assert result.test_clips == 6
    with np.load(tmp_path / "run" / "evaluate" / "knn-store-subject=1,2.npz") as kept:
        assert len(kept.files)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            AimCLR.Config(bank=8),
            r"AimCLR's EADM \(--method.drop\) works on joints.*time x joint, found gru.* gives time;",
        ),
        (SkeAttnCLR.Config(bank=8), r"SkeAttnCLR's attention mask works on joints.*time x joint, found gru"),
    ],
)
def test_a_method_that_works_on_joints_refuses_an_encoder_without_them(config, message):
    with pytest.raises(SkelactError, match=message):
        build(config, GRUConfig(), tiny.FIVE, 12, 1)


def test_aimclr_without_eadm_takes_an_encoder_without_joints():
    method = build(AimCLR.Config(bank=8, drop=False), GRUConfig(), tiny.FIVE, 12, 1).double()
    x = torch.randn(4, 3, 12, 5, 1).double()
    assert set(method(dict.fromkeys(("query", "key", "extreme"), x), tiny.moment())) == {"loss", "info_nce", "d1"}


def test_what_only_some_encoders_have_is_refused_of_the_others():
    with pytest.raises(SkelactError, match="--width: the encoder gru has no width to change; it has features 8"):
        SupervisedConfig(width=2).network(GRUConfig())
    with pytest.raises(SkelactError, match="--compile: the encoder gru has no blocks to compile"):
        GRUConfig().build(tiny.FIVE, 12, 1).compile_blocks()
    assert SupervisedConfig(width=2).network(STGCNConfig(dropout=0)) == STGCNConfig(width=2, dropout=0)


def test_only_encoders_recipes_and_the_plain_program_of_the_bench_name_st_gcn():
    def named(file: Path) -> set[str]:
        found = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
        return {name.name for node in found for name in node.names} & {"STGCN", "STGCNConfig", "stgcn"}

    files = {file.relative_to(SOURCES).parts[0] for file in SOURCES.rglob("*.py") if named(file)}
    assert files == {"encoders", "recipes.py", "bench"}


def test_the_encoder_of_the_manual_runs_as_it_is_printed(monkeypatch):
    manual = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    chapter = manual.split("\n## Adding an encoder\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"^```python\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    module = ModuleType("skelact.encoders.gru")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(code, vars(module))
    network = module.GRUConfig(features=6).build(tiny.FIVE, 12, 2)
    assert network(pairs().float()).shape == (4, 6)
    assert network.feature_map(pairs().float()).shape == (8, 6, 12)
