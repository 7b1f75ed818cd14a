"""One training step of AimCLR: from a batch of prepared clips, by three views, to updated weights."""

from pathlib import Path

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from skelact.bench import made_up
from skelact.bench.compare import Comparison, Part, Variant
from skelact.bench.config import BenchConfig
from skelact.bench.reference.aimclr import PlainAimCLR, plain_step, plain_views
from skelact.config import Precision
from skelact.encoders.config import STGCNConfig
from skelact.encoders.entrance import Entrance
from skelact.layouts import KINECT_V2
from skelact.maths.draw import Draw
from skelact.methods import AimCLR
from skelact.methods.method import Moment, ParameterGroup
from skelact.train.config import SGD, TrainConfig
from skelact.train.optimise import ScheduledOptimiser
from skelact.train.step import losses_of, training_step

COUNTED = 2
"""Clips in the step whose arithmetic is counted. Arithmetic is proportional to clips."""


def comparisons(config: BenchConfig, device: torch.device, folder: Path) -> tuple[Comparison, ...]:
    """A step of the first stage: InfoNCE and both divergences."""
    size = f"{config.clips} clips, {config.frames} frames, {config.persons} persons, width {config.width}"
    return (
        Comparison(
            work="step",
            title=f"step: AimCLR, {size}",
            unit="clips",
            amount=config.clips,
            plain=Variant("plain float32", lambda: (plain_part(config, device),)),
            ours=(
                Variant("ours float32", lambda: (_our_step(config, device, "float32"),), keeps_memory=True),
                Variant("ours bf16", lambda: (_our_step(config, device, "bf16"),), "bf16", keeps_memory=True),
            ),
            flop=lambda: _flop(config),
            agreement=lambda: gradient_errors(config, device),
        ),
    )


def plain_method(config: BenchConfig, device: torch.device, dropout: float = 0.5) -> PlainAimCLR:
    """The plain program with weights and bank of our method."""
    plain = PlainAimCLR(AimCLR.Config(bank=config.bank), _encoder(config, dropout), KINECT_V2)
    plain.load(our_method(config, torch.device("cpu"), dropout).state_dict())
    return plain.to(device)


def our_method(config: BenchConfig, device: torch.device, dropout: float = 0.5) -> AimCLR:
    """Our method, with the same weights every time."""
    torch.manual_seed(0)
    encoder = _encoder(config, dropout)
    return AimCLR(AimCLR.Config(bank=config.bank), lambda: encoder.build(KINECT_V2), KINECT_V2).to(device)


def _encoder(config: BenchConfig, dropout: float) -> STGCNConfig:
    return STGCNConfig(width=config.width, features=config.features, dropout=dropout)


def plain_part(config: BenchConfig, device: torch.device) -> Part:
    """The plain step to be timed."""
    method, rng = plain_method(config, device), made_up.generator()
    trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
    optimiser = SGD().build([ParameterGroup(trained)])
    x = made_up.clips(config, config.clips).numpy()

    def run() -> None:
        views = plain_views(x, KINECT_V2.mirror, rng)
        plain_step(method, optimiser, {name: view.to(device) for name, view in views.items()})

    return Part(run)


def _our_step(config: BenchConfig, device: torch.device, precision: Precision) -> Part:
    """Always the first step of a run, so that the work is the same every time."""
    method = our_method(config, device)
    run = TrainConfig(
        recipe="bench", method=method.config, encoder=_encoder(config, 0.5), epochs=1, precision=precision
    )
    fused = True if device.type == "cuda" else None
    optimiser = ScheduledOptimiser(run.optimiser, method.parameter_groups(), 1, run.epochs, fused=fused)
    entrance = Entrance(KINECT_V2, run.stream, config.frames, config.persons, run.preparation)
    x, views, first = made_up.clips(config, config.clips).to(device), method.views(), _first(config, device)
    return Part(lambda: training_step(run, method, optimiser, entrance, views, x, first))


def _first(config: BenchConfig, device: torch.device) -> Moment:
    """The first step of a run with one step."""
    return Moment(0, 1, 0, 1, Draw(torch.arange(config.clips, device=device), 0, 0, "of the method"))


def _flop(config: BenchConfig) -> float:
    """Multiplications and additions of the plain step's convolutions and products."""
    few = config.model_copy(update={"clips": COUNTED})
    run = plain_part(few, torch.device("cpu")).run
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() / COUNTED * config.clips


def gradient_errors(config: BenchConfig, device: torch.device) -> dict[str, float]:
    """Relative L2 error of our gradients against the plain ones: same weights, bank and views, no dropout."""
    x = made_up.clips(config, config.clips).numpy()
    views = {name: view.to(device) for name, view in plain_views(x, KINECT_V2.mirror, made_up.generator()).items()}
    plain = plain_method(config, device, dropout=0.0)
    plain(views)["loss"].backward()
    wanted = _gradients(plain)
    errors = {}
    precisions: tuple[Precision, ...] = ("float32", "bf16")
    for precision in precisions:
        ours = our_method(config, device, dropout=0.0)
        losses_of(ours, views, _first(config, device), precision)["loss"].backward()
        errors[f"gradients {precision}, relative L2 error"] = _distance(_gradients(ours), wanted)
    return errors


def _gradients(method: torch.nn.Module) -> dict[str, Tensor]:
    return {name: p.grad.double() for name, p in method.named_parameters() if p.grad is not None}


def _distance(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> float:
    apart = sum((found[name] - gradient).square().sum() for name, gradient in wanted.items())
    size = sum(gradient.square().sum() for gradient in wanted.values())
    return float((apart / size) ** 0.5)  # pyright: ignore[reportArgumentType] (sums of tensors, not 0)
