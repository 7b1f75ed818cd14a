"""Arrays of our own making, for machines without the published ones: `python tests/golden/made.py` writes them anew.

They pin what the program computed when it agreed with every published array, so that a change of numbers is seen.
Inputs and weights come from NumPy's generator, whose streams are stable, not from torch's.
"""

from pathlib import Path

import numpy as np
import torch

from skelact.encoders.config import STGCNConfig
from skelact.layouts import LAYOUTS, SBU_15
from skelact.maths import augment, graph
from skelact.maths.draw import Draw, order
from skelact.maths.eadm import energy_drop
from skelact.maths.streams import STREAMS, apply_stream
from skelact.methods import AimCLR, SkeletonCLR, build
from skelact.methods.method import Moment

FILE = Path(__file__).parent / "small.npz"
ENCODER = STGCNConfig(width=2, features=8, dropout=0.0)
CONTRAST = {"bank": 12, "projection": 6, "momentum": 0.9}
CONFIGS = {
    "skeletonclr": SkeletonCLR.Config(**CONTRAST),
    "aimclr": AimCLR.Config(**CONTRAST, neighbours_from=2),
    "aimclr-released": AimCLR.Config(
        **CONTRAST, neighbours_from=2, neighbours_form="released", noise_p=0.5, temporal_flip=False
    ),
}


def numbers(*shape: int, seed: int) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(seed).normal(size=shape))


def seeded(module: torch.nn.Module) -> torch.nn.Module:
    """The module in float64 with weights from NumPy; statistics, graphs and counters as they are."""
    module = module.double()
    with torch.no_grad():
        for place, (name, parameter) in enumerate(module.named_parameters()):
            near = 1.0 if "norm.weight" in name or "importance" in name else 0.0
            parameter.copy_(near + 0.1 * numbers(*parameter.shape, seed=1000 + place))
    return module


def arrays() -> dict[str, np.ndarray]:
    """Everything that is pinned, by name."""
    found: dict[str, torch.Tensor | np.ndarray] = {}
    ids, x = torch.tensor([3, 11]), numbers(2, 3, 12, len(SBU_15), 2, seed=0)
    for skeleton in LAYOUTS:
        if skeleton.name in ("openni_15", "florence_15"):  # trees of sbu_15, under other names
            continue
        found[f"graph/{skeleton.name}"] = graph.spatial(skeleton)
    found["draw/bits"] = Draw(ids, seed=7, epoch=5, view="query").bits(4)
    found["draw/normal"] = Draw(ids, seed=7, epoch=5, view="query").normal((4,))
    found["draw/order"] = order(seed=7, epoch=5, clips=20)
    for stream in STREAMS:
        found[f"stream/{stream}"] = apply_stream(x, stream, SBU_15)
    for link in augment.extreme(SBU_15.mirror).links:
        found[f"augment/{type(link).__name__}"] = link(x, Draw(ids, seed=7, epoch=5, view="extreme"))
    found["augment/chain"] = augment.extreme(SBU_15.mirror)(x, Draw(ids, seed=7, epoch=5, view="extreme"))
    found["eadm"] = energy_drop(x[..., 0])
    encoder = seeded(ENCODER.build(SBU_15))
    found["encoder/train"] = encoder(x).detach()
    found["encoder/eval"] = encoder.eval()(x).detach()
    for name, config in CONFIGS.items():
        found[f"train/{name}"] = trajectory(config)
    return {name: np.asarray(array) for name, array in found.items()}


def trajectory(config: SkeletonCLR.Config | AimCLR.Config) -> torch.Tensor:
    """The loss of four steps on made clips, then the norm of the query network and of its twin."""
    method = build(config, ENCODER, SBU_15, 12, 1)
    seeded(method.query)
    method.double()
    method.twin.key.load_state_dict(method.query.state_dict())
    method.bank.keys.copy_(torch.nn.functional.normalize(numbers(12, 6, seed=1), dim=1))
    optimiser = torch.optim.SGD(method.query.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    ids, losses = torch.arange(4), []
    for step in range(4):
        x = numbers(4, 3, 12, len(SBU_15), 1, seed=100 + step)
        views = {name: view(x, Draw(ids, 0, step, name)) for name, view in method.views().items()}
        loss = method(views, Moment(step, 4, step, 4, Draw(ids, 0, step, "of the method")))["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    norms = [
        torch.cat([p.detach().flatten() for p in net.parameters()]).norm() for net in (method.query, method.twin.key)
    ]
    return torch.stack([*losses, *norms])


if __name__ == "__main__":
    np.savez_compressed(FILE, **arrays())
    print(f"{FILE}: {FILE.stat().st_size} bytes")
