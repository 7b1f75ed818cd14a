"""Encoder files: everything comes back, and nothing that does not fit is taken."""

import json
import os
import random
import stat
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import tiny
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import HEADER, EncoderCard, LoadedEncoder, load_encoder, random_encoder, save_encoder
from skelact.system.world import SkelactError

LABELS = ("wave", "bow", "jump", "café")


@pytest.fixture
def card() -> EncoderCard:
    return EncoderCard(
        encoder=STGCNConfig(width=2, features=8),
        skeleton=tiny.FIVE,
        stream="bone",
        preparation="robust",
        frames=12,
        persons=2,
        classes=LABELS,
        method="aimclr",
        origin="made for a test",
    )


@pytest.fixture
def network(card: EncoderCard) -> torch.nn.Module:
    torch.manual_seed(3)
    network = card.encoder.build(card.skeleton)
    with torch.no_grad():  # statistics other than the initial ones, as training leaves them
        for _ in range(3):
            network(torch.randn(4, 3, 12, 5, 2))
    return network


@pytest.fixture
def saved(tmp_path: Path, network: torch.nn.Module, card: EncoderCard) -> Path:
    save_encoder(tmp_path / "a.safetensors", network, card, torch.nn.Linear(8, 4))
    return tmp_path / "a.safetensors"


def rewrite(path: Path, change) -> None:
    """Apply `change` to the tensors and the card (as a dictionary) of an encoder file."""
    with safe_open(path, framework="pt") as opened:
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        card = json.loads(opened.metadata()[HEADER])
    change(tensors, card)
    save_file(tensors, path, metadata={HEADER: json.dumps(card)})


def test_network_head_and_card_come_back_bit_for_bit(tmp_path, network, card):
    head = torch.nn.Linear(8, 4)
    save_encoder(tmp_path / "a.safetensors", network, card, head)
    loaded = load_encoder(tmp_path / "a.safetensors")
    assert tiny.same_bits(dict(loaded.network.state_dict()), dict(network.state_dict()))
    assert loaded.head is not None
    assert tiny.same_bits(dict(loaded.head.state_dict()), dict(head.state_dict()))
    assert loaded.card == card
    assert loaded.network.blocks[0].dropout.p == network.blocks[0].dropout.p


def test_a_loaded_encoder_is_frozen_and_in_evaluation_mode(saved):
    loaded = load_encoder(saved)
    for module in (loaded.network, loaded.head):
        assert module is not None
        assert not module.training
        assert not any(parameter.requires_grad for parameter in module.parameters())
    x = torch.randn(2, 3, 12, 5, 2)
    assert torch.equal(loaded.network(x), loaded.network(x))  # no dropout, no statistics of the batch


def test_an_encoder_without_a_head_has_none(tmp_path, network, card):
    save_encoder(tmp_path / "a.safetensors", network, card)
    assert load_encoder(tmp_path / "a.safetensors").head is None


def test_a_run_folder_stands_for_its_encoder(saved):
    saved.rename(saved.parent / "encoder.safetensors")
    assert load_encoder(saved.parent).card.origin == "made for a test"


def test_saving_again_replaces_the_file_and_leaves_nothing_else(saved, network, card):
    save_encoder(saved, network, card.model_copy(update={"origin": "second"}))
    assert load_encoder(saved).card.origin == "second"
    assert [path.name for path in saved.parent.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_others_may_read_an_encoder_where_the_umask_lets_them(umask, tmp_path, network, card):
    before = os.umask(umask)
    try:
        save_encoder(tmp_path / "a.safetensors", network, card)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.safetensors").stat().st_mode) == 0o666 & ~umask


def test_a_missing_tensor_is_named(saved):
    rewrite(saved, lambda tensors, card: tensors.pop("encoder.blocks.3.temporal.bias"))
    with pytest.raises(SkelactError, match=r"(?s)do not fit.*missing: 1: blocks\.3\.temporal\.bias"):
        load_encoder(saved)


def test_an_unexpected_tensor_is_named(saved):
    rewrite(saved, lambda tensors, card: tensors.update({"encoder.blocks.11.gate": torch.ones(3)}))
    with pytest.raises(SkelactError, match=r"(?s)do not fit.*unexpected: 1: blocks\.11\.gate"):
        load_encoder(saved)


def test_a_tensor_beside_encoder_and_head_is_named(saved):
    rewrite(saved, lambda tensors, card: tensors.update({"neck.weight": torch.ones(3)}))
    with pytest.raises(SkelactError, match=r"unexpected: 1: neck\.weight"):
        load_encoder(saved)


def test_a_misshaped_tensor_is_named_with_both_shapes(saved):
    rewrite(saved, lambda tensors, card: tensors.update({"encoder.blocks.0.importance": torch.ones(3, 6, 6)}))
    with pytest.raises(
        SkelactError, match=r"misshaped: 1: blocks\.0\.importance \(expected \(3, 5, 5\), found \(3, 6, 6\)\)"
    ):
        load_encoder(saved)


def test_a_head_that_does_not_fit_the_labels_is_an_error(saved):
    rewrite(saved, lambda tensors, card: card.update(classes=["wave", "bow"]))
    with pytest.raises(SkelactError, match=r"weight \(expected \(2, 8\), found \(4, 8\)\)"):
        load_encoder(saved)


def test_a_card_of_another_width_is_an_error_that_counts_the_tensors(saved):
    rewrite(saved, lambda tensors, card: card["encoder"].update(width=3))
    with pytest.raises(SkelactError, match=r"misshaped: \d\d+: .*\.\.\."):
        load_encoder(saved)


def test_a_newer_format_is_refused_with_both_numbers(saved):
    rewrite(saved, lambda tensors, card: card.update(format=2, never_heard_of=True))
    with pytest.raises(SkelactError, match="written in encoder format 2, this skelact reads up to 1: upgrade it"):
        load_encoder(saved)


@pytest.mark.parametrize(
    "change",
    [{"frames": 0}, {"frames": None}, {"stream": "sound"}, {"hue": 3}, {"format": "two"}, {"skeleton": {"name": "x"}}],
)
def test_a_damaged_card_is_an_error(change, saved):
    rewrite(saved, lambda tensors, card: card.update(change))
    with pytest.raises(SkelactError, match=r"a\.safetensors: the card in the header is damaged"):
        load_encoder(saved)


def test_a_header_that_is_no_card_is_an_error(saved):
    for header in ("", "[1]", "3", "{"):
        save_file({"encoder.x": torch.ones(1)}, saved, metadata={HEADER: header})
        with pytest.raises(SkelactError, match=r"a\.safetensors: the card in the header is damaged"):
            load_encoder(saved)


def test_somebody_elses_safetensors_file_is_said_to_be_so(saved):
    for metadata in (None, {"format": "pt"}):
        save_file({"weight": torch.ones(1)}, saved, metadata=metadata)
        with pytest.raises(SkelactError, match=r"a safetensors file without skelact's card in its header"):
            load_encoder(saved)


@pytest.mark.parametrize("text", [b"", b"not an encoder", b"\xff" * 12])
def test_a_file_of_another_kind_is_an_error(text, saved):
    saved.write_bytes(text)
    with pytest.raises(SkelactError, match=r"a\.safetensors: not a safetensors file"):
        load_encoder(saved)


def test_a_file_cut_off_anywhere_is_an_error(saved):
    whole = saved.read_bytes()
    for length in (7, 100, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:length])
        with pytest.raises(SkelactError, match=r"a\.safetensors: not a safetensors file"):
            load_encoder(saved)


def test_a_changed_header_gives_an_error_of_ours_or_an_encoder(saved):
    whole, chance = saved.read_bytes(), random.Random(1)
    length = int.from_bytes(whole[:8], "little")
    refused = 0
    for _ in range(80):
        damaged = bytearray(whole)
        damaged[chance.randrange(8 + length)] = chance.randrange(256)
        saved.write_bytes(damaged)
        try:
            load_encoder(saved)
        except SkelactError as error:
            refused += str(saved) in str(error)
    assert refused > 40


def test_what_is_not_there_is_an_error_with_a_hint(tmp_path):
    with pytest.raises(SkelactError, match=r"none\.safetensors: no such encoder file; make one with skelact import"):
        load_encoder(tmp_path / "none.safetensors")
    with pytest.raises(SkelactError, match=r"expected a run folder or an encoder file, found a folder without config"):
        load_encoder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SkelactError, match=r"encoder\.safetensors: no such encoder file; this run has not finished"):
        load_encoder(tmp_path)


def test_the_control_has_fresh_weights_of_its_seed_and_draws_from_no_global_generator(card):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    one = random_encoder(card, 5)
    assert torch.equal(torch.rand(3), expected)
    again, other = random_encoder(card, 5), random_encoder(card, 6)
    assert tiny.same_bits(dict(one.network.state_dict()), dict(again.network.state_dict()))
    assert not tiny.same_bits(dict(one.network.state_dict()), dict(other.network.state_dict()))
    assert isinstance(one, LoadedEncoder)
    assert (one.head, one.card.classes, one.card.method) == (None, (), "")
    assert one.card.origin == "random weights, seed 5"
    assert not one.network.training


def test_a_card_from_before_there_was_a_choice_of_graphs_means_the_one_there_was(saved, network):
    rewrite(saved, lambda tensors, card: card["encoder"].pop("graph"))
    loaded = load_encoder(saved)
    assert loaded.card.encoder.graph == "spatial"
    assert torch.equal(loaded.network.adjacency, network.adjacency)


def test_the_graph_of_a_card_is_that_of_its_random_control(card):
    directed = card.model_copy(update={"encoder": card.encoder.model_copy(update={"graph": "directed"})})
    control = random_encoder(directed, seed=0).network
    assert not torch.equal(control.adjacency, random_encoder(card, seed=0).network.adjacency)
    assert torch.equal(control.adjacency[0], torch.eye(5))
