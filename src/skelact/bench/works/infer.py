"""Forward pass of the frozen encoder: the cost of features, kNN and classification."""

from pathlib import Path

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from skelact.bench import made_up
from skelact.bench.compare import Comparison, Part, Variant
from skelact.bench.config import BenchConfig
from skelact.bench.reference.encoder import PlainSTGCN
from skelact.encoders.config import STGCNConfig
from skelact.layouts import KINECT_V2


def comparisons(config: BenchConfig, device: torch.device, folder: Path) -> tuple[Comparison, ...]:
    """The whole batch at once. Every clip has two persons, one of whom may be absent."""
    return (
        Comparison(
            work="infer",
            title=f"infer: frozen encoder of width {config.width}, {config.clips} clips",
            unit="clips",
            amount=config.clips,
            plain=Variant("plain float32", lambda: (_part(config, device, plain_encoder(config, device)),)),
            ours=(
                Variant("ours float32", lambda: (our_part(config, device, "float32"),), keeps_memory=True),
                Variant("ours bf16", lambda: (our_part(config, device, "bf16"),), "bf16", keeps_memory=True),
            ),
            flop=lambda: _flop(config),
            agreement=lambda: _feature_errors(config, device),
        ),
    )


def plain_encoder(config: BenchConfig, device: torch.device) -> PlainSTGCN:
    """Random weights, with BatchNorm statistics of made-up clips: with the initial ones the signal would fade."""
    torch.manual_seed(0)
    network = PlainSTGCN(STGCNConfig(width=config.width, features=config.features), KINECT_V2)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = None  # a plain mean, over the one pass below
    with torch.no_grad():
        network(made_up.clips(config, 2, seed=1))
    return network.eval().to(device)


def our_encoder(config: BenchConfig, device: torch.device) -> nn.Module:
    """Our encoder with the same weights."""
    network = STGCNConfig(width=config.width, features=config.features).build(KINECT_V2)
    network.load_state_dict(plain_encoder(config, torch.device("cpu")).state_dict())
    return network.eval().to(device)


def our_part(config: BenchConfig, device: torch.device, precision: str, times: float = 1.0) -> Part:
    """One batch through our encoder."""
    return _part(config, device, our_encoder(config, device), precision, times)


def _part(
    config: BenchConfig, device: torch.device, network: nn.Module, precision: str = "float32", times: float = 1.0
) -> Part:
    x = made_up.clips(config, config.clips).to(device)

    def run() -> torch.Tensor:
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            return network(x).float()

    return Part(run, times)


def _flop(config: BenchConfig) -> float:
    network, x = plain_encoder(config, torch.device("cpu")), made_up.clips(config, 1)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(x)
    return float(counter.get_total_flops() * config.clips)


def _feature_errors(config: BenchConfig, device: torch.device) -> dict[str, float]:
    wanted = _part(config, device, plain_encoder(config, device)).run()
    return {
        f"features {precision}, relative L2 error": float(
            (our_part(config, device, precision).run() - wanted).norm() / wanted.norm()
        )
        for precision in ("float32", "bf16")
    }
