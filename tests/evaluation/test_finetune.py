"""Protocols in which the network learns: the loop against one written plainly, its keys, and the files it leaves."""

import json
import math

import numpy as np
import pytest
import torch
from rich.console import Console
from rich.progress import Progress

from skelact.data.store import Store
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import LoadedEncoder, load_encoder, random_encoder, save_encoder
from skelact.evaluation.case import Case
from skelact.evaluation.protocols.finetune import FinetuneConfig, finetune_released
from skelact.evaluation.protocols.semi import SemiConfig, semi_released
from skelact.evaluation.reading import show
from skelact.evaluation.results.outcome import Result
from skelact.evaluation.run import evaluate_run
from skelact.maths.draw import order
from skelact.maths.hits import accuracy
from skelact.report import report
from skelact.system.world import SkelactError
from skelact.train import AdamW
from skelact.train.labels import LinearConfig, SupervisedConfig, TuneConfig
from skelact.train.linear import linear
from skelact.train.tune import Labelled, Tuned, tune

SPLIT = "subject=0,1,2"
SHORT = {"lr": 0.05, "batch": 6, "epochs": 4, "milestones": (3,), "test_every": 2}
CPU = torch.device("cpu")


@pytest.fixture
def smooth(card):
    """The small card without dropout."""
    return card.model_copy(update={"encoder": STGCNConfig(width=2, features=8, dropout=0)})


def sides(store: Store, encoder: LoadedEncoder, tmp_path) -> tuple[Labelled, Labelled]:
    case = Case.open(encoder, store, SPLIT, tmp_path / "case", progress=False)
    made = [
        Labelled(case.clips(rows), torch.from_numpy(case.labels[rows])) for rows in (case.rows.train, case.rows.test)
    ]
    return made[0], made[1]


def run_tune(start, train, test, seed=0, **changes) -> Tuned:
    config = TuneConfig(**{**SHORT, **changes})
    return tune(start, train, test, 4, config, seed, CPU, Progress(disable=True))


def weights(tuned: Tuned) -> torch.Tensor:
    assert tuned.network.head is not None
    parts = [*tuned.network.network.state_dict().values(), *tuned.network.head.state_dict().values()]
    return torch.cat([part.double().flatten() for part in parts])


class Affine(torch.nn.Module):
    """What a BatchNorm is where its running statistics are numbers: they are taken off and divided by."""

    def __init__(self, norm: torch.nn.Module):
        super().__init__()
        self.weight, self.bias = norm.weight, norm.bias
        self.numbers = norm.running_mean.clone(), torch.sqrt(norm.running_var + norm.eps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return normalised(x, self.weight, self.bias, *self.numbers)


def normalised(x, weight, bias, mean, deviation):
    shape = (1, -1, *(1,) * (x.ndim - 2))
    return (x - mean.view(shape)) / deviation.view(shape) * weight.view(shape) + bias.view(shape)


def frozen(network: torch.nn.Module) -> None:
    """Put an affine map for every BatchNorm, and nothing for every dropout."""
    for module in list(network.modules()):
        for name, part in module.named_children():
            if "BatchNorm" in type(part).__name__:
                setattr(module, name, Affine(part))
            elif isinstance(part, torch.nn.Dropout):
                setattr(module, name, torch.nn.Identity())


def by_hand(
    start, train: Labelled, orders: list[list[int]], rates: list[float], decay: float, freeze: bool = False
) -> torch.Tensor:
    """How far every parameter moves under SGD with momentum and weight decay written out, epoch by epoch."""
    network = start.card.encoder.build(start.card.skeleton)
    network.load_state_dict(start.network.state_dict())
    if freeze:
        frozen(network)
    weight = (torch.randn(4, 8, generator=torch.Generator().manual_seed(0)) * 0.02).requires_grad_()
    bias = torch.zeros(4, requires_grad=True)
    parameters = [*network.parameters(), weight, bias]
    before = [parameter.detach().clone() for parameter in parameters]
    speed = [torch.zeros_like(parameter) for parameter in parameters]
    clips = train.clips.take(torch.arange(len(train.clips)))
    for numbers, rate in zip(orders, rates, strict=True):
        for rows in (numbers[:6], numbers[6:12], numbers[12:18]):
            scores = network(clips[rows]) @ weight.T + bias
            loss = (torch.logsumexp(scores, 1) - scores[torch.arange(6), train.labels[rows]]).mean()
            slopes = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for place, parameter in enumerate(parameters):
                    speed[place] = 0.9 * speed[place] + slopes[place] + decay * parameter
                    parameter -= rate * speed[place]
    return torch.cat([(after - start).flatten() for after, start in zip(parameters, before, strict=True)]).detach()


def test_training_is_the_plain_loop(store, smooth, tmp_path):
    start = random_encoder(smooth, 3)
    train, test = sides(store, start, tmp_path)
    # A small rate: training magnifies rounding, and far along two right programs differ by more than a wrong one.
    found = run_tune(start, train, test, lr=1e-4, weight_decay=0.5, test_every=3)
    orders = [order(0, epoch, 18).tolist() for epoch in range(4)]
    expected = by_hand(start, train, orders, [1e-4, 1e-4, 1e-4, 1e-5], 0.5)
    head = torch.randn(4, 8, generator=torch.Generator().manual_seed(0)) * 0.02
    first = [*start.network.parameters(), head, torch.zeros(4)]
    assert found.network.head is not None
    ended = [*found.network.network.parameters(), *found.network.head.parameters()]
    moved = torch.cat([(after - before).flatten() for after, before in zip(ended, first, strict=True)])
    assert (moved - expected).norm() < 0.01 * expected.norm()
    constant = by_hand(start, train, orders, [1e-4] * 4, 0.5)
    assert (moved - constant).norm() > 0.05 * expected.norm()
    assert found.epochs == (3, 4)
    assert found.last == accuracy(found.scores, test.labels)


def test_a_layer_moves_by_a_share_of_what_the_next_one_would_and_the_head_by_all(store, smooth, tmp_path):
    start = random_encoder(smooth, 3)
    train, test = sides(store, start, tmp_path)
    before = {name: value.clone() for name, value in start.network.named_parameters()}
    moves = []
    for decay in (1, 0.5):  # a single step: the gradients are the same
        found = run_tune(start, train, test, lr=0.5, batch=18, epochs=1, weight_decay=0, layer_decay=decay)
        assert found.network.head is not None
        ended = dict(found.network.network.named_parameters())
        moves.append({name: ended[name] - before[name] for name in before} | {"head": found.network.head.weight})
    torch.testing.assert_close(moves[1]["head"], moves[0]["head"])
    for name in before:
        below = 11 if name.startswith("input_norm") else 10 - int(name.split(".")[1])
        torch.testing.assert_close(moves[1][name], moves[0][name] * 0.5**below, rtol=1e-2, atol=1e-6)
    assert moves[0]["blocks.9.temporal.weight"].abs().max() > 1e-3


def test_adamw_moves_every_weight_of_the_head_by_its_rate_and_its_decay(store, smooth, tmp_path):
    start = random_encoder(smooth, 3)
    train, test = sides(store, start, tmp_path)
    config = TuneConfig(batch=18, epochs=1, optimiser=AdamW(lr=0.002, weight_decay=0.5), layer_decay=0.5)
    ended = tune(start, train, test, 4, config, 0, CPU, Progress(disable=True)).network
    before = torch.randn(4, 8, generator=torch.Generator().manual_seed(0)) * 0.02
    assert ended.head is not None
    step = ended.head.weight - before * (1 - 0.002 * 0.5)  # the first: the gradient over its own size
    torch.testing.assert_close(step.abs(), torch.full((4, 8), 0.002), rtol=1e-2, atol=0)
    after, before = (dict(network.named_parameters()) for network in (ended.network, start.network))
    moved = (after["blocks.9.temporal.weight"] - before["blocks.9.temporal.weight"]).abs()
    assert moved.max().item() == pytest.approx(0.001, rel=0.1)  # half the rate of the head, and the decay


def test_a_recipe_says_sgd_by_the_keys_that_it_always_had_and_another_optimiser_by_one_of_its_own():
    of_sgd = ["lr", "schedule", "milestones", "warmup", "final", "momentum", "nesterov", "weight_decay", "clip"]
    others = [
        "batch",
        "epochs",
        "layer_decay",
        "network_mode",
        "augmentation",
        "initial_std",
        "test_every",
        "precision",
    ]
    assert list(FinetuneConfig().model_dump()) == of_sgd + others
    with_adamw = FinetuneConfig(optimiser=AdamW(lr=0.003), batch=7)
    values = with_adamw.model_dump(mode="json")
    assert list(values) == ["optimiser", *others]
    assert values["optimiser"] == AdamW(lr=0.003).model_dump(mode="json")
    assert FinetuneConfig.model_validate(values) == with_adamw


@pytest.mark.parametrize("number", [{"lr": 0.5}, {"momentum": 0.8}, {"milestones": (3,)}])
def test_numbers_of_sgd_beside_another_optimiser_are_refused(number):
    (name,) = number
    with pytest.raises(ValueError, match=f"{name} is of SGD: with adamw give optimiser.{name}"):
        FinetuneConfig(optimiser=AdamW(), **number)


def pretrained(card, store, tmp_path) -> tuple[LoadedEncoder, Labelled, Labelled]:
    """An encoder with dropout whose running statistics are those of half of the training clips; the clips."""
    start = random_encoder(card.model_copy(update={"encoder": STGCNConfig(width=4, features=8)}), 3)
    train, test = sides(store, start, tmp_path)
    for norm in (part for part in start.network.modules() if "BatchNorm" in type(part).__name__):
        norm.momentum = 1.0
    start.network.train()(train.clips.take(torch.arange(9)))
    start.network.eval()
    return start, train, test


def test_in_evaluation_mode_a_batchnorm_is_an_affine_map_that_learns_and_nothing_is_dropped(card, store, tmp_path):
    travelled, train, test = pretrained(card, store, tmp_path)
    orders = [order(0, epoch, 18).tolist() for epoch in range(4)]
    expected = by_hand(travelled, train, orders, [1e-4, 1e-4, 1e-4, 1e-5], 0, freeze=True)
    first = [*travelled.network.parameters(), torch.randn(4, 8, generator=torch.Generator().manual_seed(0)) * 0.02]

    def moved(mode: str) -> torch.Tensor:
        ended = run_tune(travelled, train, test, lr=1e-4, weight_decay=0, network_mode=mode).network
        assert ended.head is not None
        after = [*ended.network.parameters(), *ended.head.parameters()]
        before = [*first, torch.zeros(4)]
        return torch.cat([(new - old).flatten() for new, old in zip(after, before, strict=True)])

    assert (moved("eval") - expected).norm() < 0.01 * expected.norm()
    assert (moved("train") - expected).norm() > 0.3 * expected.norm()


def test_in_evaluation_mode_the_running_statistics_stay_and_the_affine_weights_do_not(card, store, tmp_path):
    travelled, train, test = pretrained(card, store, tmp_path)
    kept = {name: tensor.clone() for name, tensor in travelled.network.state_dict().items()}
    for mode, stays in (("eval", True), ("train", False)):  # tested in between, which may not change the mode
        ended = run_tune(travelled, train, test, lr=1e-3, network_mode=mode, test_every=1).network.network.state_dict()
        for name, tensor in ended.items():
            if "running" in name or "tracked" in name:
                assert torch.equal(tensor, kept[name]) == stays, name
            elif "norm" in name:
                assert not torch.equal(tensor, kept[name]), name


def test_the_same_seed_gives_the_same_bits_whatever_was_drawn_before_and_another_seed_does_not(store, card, tmp_path):
    start = random_encoder(card, 3)
    train, test = sides(store, start, tmp_path)
    one = run_tune(start, train, test, augmentation="normal")
    torch.manual_seed(99)
    before = torch.get_rng_state()
    again = run_tune(start, train, test, augmentation="normal")
    assert torch.equal(weights(one), weights(again))
    assert torch.equal(one.scores, again.scores)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(weights(one), weights(run_tune(start, train, test, seed=1, augmentation="normal")))


def test_the_encoder_it_starts_from_is_left_as_it_was(store, card, tmp_path):
    start = random_encoder(card, 3)
    kept = {name: tensor.clone() for name, tensor in start.network.state_dict().items()}
    train, test = sides(store, start, tmp_path)
    ended = run_tune(start, train, test).network.network
    assert all(torch.equal(kept[name], tensor) for name, tensor in start.network.state_dict().items())
    moved = [name for name, value in ended.named_parameters() if not torch.equal(kept[name], value)]
    assert len(moved) > 0.9 * len(list(ended.parameters()))
    assert not any(parameter.requires_grad for parameter in ended.parameters())


def test_augmentation_and_bf16_change_what_is_learned(store, smooth, tmp_path):
    start = random_encoder(smooth, 3)
    train, test = sides(store, start, tmp_path)
    plain = run_tune(start, train, test)
    augmented, short = (
        run_tune(start, train, test, **{k: v}) for k, v in (("augmentation", "normal"), ("precision", "bf16"))
    )
    assert not torch.allclose(plain.scores, augmented.scores, rtol=1e-3)
    assert not torch.equal(plain.scores, short.scores)
    assert short.scores.dtype == torch.float32


def test_a_trained_network_beats_its_start_on_clips_told_apart_by_what_they_move(
    tmp_path, card, recordings, made_store
):
    start = random_encoder(card.model_copy(update={"encoder": STGCNConfig(width=8, features=16, dropout=0)}), 0)
    train, test = sides(made_store(tmp_path / "sixty", recordings(60)), start, tmp_path)
    trained = run_tune(start, train, test, lr=0.01, batch=12, epochs=30, milestones=(20,), test_every=30)
    unmoved = run_tune(start, train, test, lr=1e-9, batch=12, epochs=1)
    assert trained.last.top1 > 80
    assert unmoved.last.top1 < 60


def test_fewer_clips_than_a_batch_are_one_batch(store, smooth, tmp_path):
    start = random_encoder(smooth, 3)
    train, test = sides(store, start, tmp_path)
    torch.testing.assert_close(
        run_tune(start, train, test, batch=18).scores, run_tune(start, train, test, batch=1000).scores
    )


def test_best_is_the_highest_test_and_the_earliest_of_several(encoder):
    tests = tuple(accuracy(torch.eye(2)[[0, 1]], torch.tensor(labels)) for labels in ([1, 0], [0, 1], [0, 1], [0, 0]))
    found = Tuned((5, 10, 15, 20), tests, torch.eye(2), encoder)
    assert (found.best_epoch, found.best.top1, found.last.top1) == (10, 100, 50)


def test_a_rate_that_is_too_high_is_an_error_that_names_it(store, smooth, tmp_path):
    start = random_encoder(smooth, 3)
    train, test = sides(store, start, tmp_path)
    with pytest.raises(SkelactError, match=r"diverged by epoch \d at lr 1e\+30"):
        run_tune(start, train, test, lr=1e30)


def evaluate(protocol, run, store, seeds=2, stream=None, **changes) -> Result:
    kinds = {"finetune": FinetuneConfig, "semi": SemiConfig, "supervised": SupervisedConfig}
    recipe = kinds[protocol](**{**SHORT, **changes})
    result = evaluate_run(protocol, run, store.path, SPLIT, seeds, recipe, progress=False, stream=stream)
    assert isinstance(result, Result)
    return result


def test_the_published_numbers_are_the_defaults():
    for config in (FinetuneConfig(), SemiConfig()):
        numbers = (config.lr, config.epochs, config.milestones, config.batch, config.augmentation)
        assert numbers == (0.01, 150, (60, 100), 128, "none")
    scratch = SupervisedConfig()
    assert (scratch.lr, scratch.epochs, scratch.milestones, scratch.batch) == (0.1, 80, (10, 50), 64)
    assert (scratch.nesterov, scratch.weight_decay, scratch.augmentation) == (True, 1e-4, "none")
    with pytest.raises(ValueError, match="nesterov needs a momentum"):
        SupervisedConfig(momentum=0)


def test_the_released_numbers_are_those_of_a_published_configuration():
    for released, default in ((finetune_released(), FinetuneConfig()), (semi_released(), SemiConfig())):
        changed = {key: value for key, value in released.model_dump().items() if getattr(default, key) != value}
        assert (changed.pop("network_mode"), changed.pop("weight_decay")) == ("eval", 0)
        assert changed == ({"lr": 0.008} if isinstance(released, FinetuneConfig) else {"per_class": "released"})
    with pytest.raises(ValueError, match="random weights come with no running statistics"):
        SupervisedConfig(network_mode="eval")


def test_the_control_of_a_network_in_evaluation_mode_learns_in_training_mode(tmp_path, run, store):
    found = evaluate("finetune", run, store, network_mode="eval")
    plain = evaluate("finetune", run, store)
    assert found.control.plain_per_seed == plain.control.plain_per_seed
    assert found.control.how == "the same training from random weights, in training mode"
    assert plain.control.how == "the same training from random weights"


def test_released_labels_have_files_of_their_own(run, store):
    found = [evaluate("semi", run, store, 1, share=0.75, per_class=one) for one in ("at_least_one", "released")]
    assert [one.train_clips for one in found] == [15, 12]  # of 6 a class: 4.5 is 5, or the even 4
    names = [f"semi-store-{SPLIT}-75pct{variant}-seed0.csv" for variant in ("", "-released")]
    assert [list(one.labels) for one in found] == [[name] for name in names]
    assert {file.name for file in (run / "evaluate").glob("semi*.csv")} == set(names)


@pytest.mark.parametrize(("protocol", "name"), [("finetune", ""), ("semi", "-50pct"), ("supervised", "")])
def test_every_protocol_leaves_the_promised_keys_scores_and_network(run, store, protocol, name):
    result = evaluate(protocol, run, store, **({"share": 0.5} if protocol == "semi" else {}))
    file = run / "evaluate" / f"{protocol}-store-{SPLIT}{name}.json"
    values = json.loads(file.read_text())
    promised = "protocol split classes train_clips test_clips last best control seeds seconds"
    assert set(promised.split()) <= values.keys()
    assert values["last"].keys() == values["best"].keys() == {"top1", "top5"}
    assert values["control"]["top1"] >= 0
    assert (values["classes"], values["train_clips"], values["test_clips"]) == (3, 9 if name else 18, 6)
    assert Result.model_validate(values) == result
    assert result.best.top1 >= result.last.top1
    assert len(result.last_per_seed) == len(result.control.plain_per_seed) == 2
    assert result.std == pytest.approx(np.std([one.top1 for one in result.last_per_seed], ddof=1))
    kept = np.load(file.with_suffix(".npz"))
    own = accuracy(torch.from_numpy(kept["scores"]), torch.from_numpy(kept["labels"]))
    assert (own.top1, None) == (result.last_per_seed[0].top1, result.last_per_seed[0].top5)  # of three classes no top 5
    network = load_encoder(file.with_suffix(".safetensors"))
    assert network.head is not None
    assert network.card.classes == store.classes
    clips = torch.from_numpy(np.array(store.prepared("released", 8).clips[[9, 10, 11, 21, 22, 23]]))
    torch.testing.assert_close(network.head(network.network(clips)), torch.from_numpy(kept["scores"]))


def test_the_control_of_finetune_is_the_same_training_from_random_weights(tmp_path, run, store, card):
    found = evaluate("finetune", run, store)
    random = tmp_path / "random.safetensors"
    save_encoder(random, random_encoder(card, 1).network, card)
    alone = evaluate("finetune", random, store)
    assert found.control.plain_per_seed[1] == alone.last_per_seed[1]
    assert found.control.top1 == pytest.approx(np.mean([one.top1 for one in found.control.plain_per_seed]))
    assert found.control.standardised is None


def test_supervised_is_that_training_and_its_control_a_linear_layer_on_random_weights(tmp_path, run, store, card):
    found = evaluate("supervised", run, store)
    assert (found.method, found.stream) == ("supervised", "joint")
    case = Case.open(random_encoder(card, 0), store, SPLIT, tmp_path, progress=False)
    floor = linear(case.task(random_encoder(card, 1)), (1,), LinearConfig())
    assert found.control.plain_per_seed[1].top1 == floor.last[0].top1
    same = {**SHORT, "nesterov": True, "batch": 6}
    control = evaluate("finetune", run, store, **same).control
    assert found.last_per_seed == control.plain_per_seed


def test_supervised_without_a_run_makes_one_that_can_be_reported(tmp_path, store, capsys):
    folder = tmp_path / "scratch"
    streams = ("joint", "bone", "motion")
    found = [evaluate("supervised", folder, store, 1, stream=stream, frames=8, width=1, epochs=2) for stream in streams]
    assert f"{folder}: no run there" in capsys.readouterr().err
    assert [one.stream for one in found] == list(streams)
    assert len({one.encoder_hash for one in found}) == 3
    names = sorted(file.name for file in (folder / "evaluate").glob("*.json"))
    assert names == sorted(f"supervised-store-{SPLIT}-{stream}.json" for stream in streams)
    card = load_encoder(folder / "evaluate" / f"supervised-store-{SPLIT}-bone.safetensors").card
    assert (card.stream, card.frames, card.encoder.width, card.skeleton) == ("bone", 8, 1, store.skeleton)
    assert "supervised bone" in report([folder]).read_text()


def test_a_run_that_has_no_encoder_yet_is_not_taken_for_an_empty_folder(tmp_path, store):
    (tmp_path / "config.json").write_text('{"config": {"recipe": "aimclr"}}')
    with pytest.raises(SkelactError, match="has not finished an epoch yet"):
        evaluate("supervised", tmp_path, store)
    with pytest.raises(SkelactError, match="no such encoder file"):
        evaluate("supervised", tmp_path / "none.safetensors", store)


def test_semi_keeps_the_clips_that_it_used_and_uses_those_that_are_kept(run, store):
    first = evaluate("semi", run, store, share=0.34)
    folder, name = run / "evaluate", f"semi-store-{SPLIT}-34pct"
    files = [folder / f"{name}-seed{seed}.csv" for seed in (0, 1)]
    assert list(first.labels) == [file.name for file in files]
    assert files[0].read_text() != files[1].read_text()
    assert first.train_clips == 6
    chosen = "name,action\n" + "".join(f"clip{row:02},{row % 3}\n" for row in range(3))
    files[0].write_text(chosen)
    second = evaluate("semi", run, store, share=0.34)
    assert files[0].read_text() == chosen
    assert second.train_clips == 3
    assert second.labels[files[0].name] != first.labels[files[0].name]
    assert second.last_per_seed[1] == first.last_per_seed[1]
    evaluate("semi", run, store, share=1)
    assert (folder / f"semi-store-{SPLIT}-100pct-seed0.csv").read_text().count("\n") == 19


def test_semi_of_all_labels_is_finetune(run, store):
    assert evaluate("semi", run, store, share=1).last_per_seed == evaluate("finetune", run, store).last_per_seed


def test_a_result_is_used_again_only_for_the_same_encoder_clips_recipe_and_seeds(run, store, card, monkeypatch):
    recipe = SemiConfig(**SHORT, share=0.5)

    def again(recipe=recipe, seeds=1):
        return evaluate_run("semi", run, store.path, SPLIT, seeds, recipe, progress=False, reuse=True)

    first = again()
    assert again() == first
    assert again(seeds=2).seeds == 2
    assert again(recipe=recipe.model_copy(update={"lr": 0.04})).recipe["lr"] == 0.04
    kept = again()
    labels = run / "evaluate" / f"semi-store-{SPLIT}-50pct-seed0.csv"
    labels.write_text("name,action\n" + "".join(f"clip{row:02},{row % 3}\n" for row in range(3)))
    changed = again()
    assert (kept.train_clips, changed.train_clips) == (9, 3)
    save_encoder(run / "encoder.safetensors", random_encoder(card, 5).network, card)
    assert again().encoder_hash != changed.encoder_hash


def test_the_table_says_what_the_control_is(run, store, capsys):
    for protocol, words in (("finetune", "the same training from random weights"), ("supervised", "a frozen random")):
        result = evaluate(protocol, run, store)
        show(result, Console(width=150))
        text = capsys.readouterr().out
        assert words in text
        assert "best of 2 test epochs, chosen on the test clips" in text
        assert math.isfinite(result.seconds)
