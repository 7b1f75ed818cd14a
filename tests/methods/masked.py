"""A throw-away method that neither contrasts nor follows: it hides frames and rebuilds them, trained by AdamW."""

from collections.abc import Callable
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

import tiny
from skelact.encoders.encoder import Encoder
from skelact.maths import augment
from skelact.methods import every
from skelact.methods.method import Losses, Method, MethodConfig, Moment, ParameterGroup
from skelact.skeleton import Skeleton
from skelact.train import AdamW, TrainConfig


class MaskedConfig(MethodConfig):
    name: Literal["masked"] = "masked"
    share: float = 0.5


class Masked(Method):
    """Mean squared error over the hidden frames, each joint at its own place in time."""

    Config = MaskedConfig

    def __init__(self, config: MaskedConfig, encoder: Callable[[], Encoder], skeleton: Skeleton):
        super().__init__()
        self.config = config
        self.query = encoder()
        self.decoder = nn.Conv2d(self.query.channels, 3, 1)

    @property
    def encoder(self) -> Encoder:
        return self.query

    def views(self) -> dict[str, augment.Augmentation]:
        return {"clip": augment.Chain(())}

    def forward(self, views: dict[str, Float[Tensor, "n c t v m"]], moment: Moment) -> Losses:
        x = views["clip"]
        hidden = moment.draw.of("hidden").uniform(x.shape[2]) < self.config.share
        seen = x * ~hidden[:, None, :, None, None]
        rebuilt = self.decoder(self.query.feature_map(seen))
        wanted = x.permute(0, 4, 1, 2, 3).flatten(0, 1)
        rebuilt = nn.functional.interpolate(rebuilt.float(), wanted.shape[2:]).to(wanted.dtype)
        places = hidden.repeat_interleave(x.shape[4], 0)[:, None, :, None].to(wanted.dtype)
        return {"loss": ((rebuilt - wanted).square() * places).mean()}

    def parameter_groups(self) -> list[ParameterGroup]:
        return [
            ParameterGroup(list(self.query.parameters())),
            ParameterGroup(list(self.decoder.parameters()), rate=0.5),
        ]


class MaskedTrainConfig(TrainConfig):
    """A run of it; the union of the program's own methods does not have it."""

    method: MaskedConfig  # pyright: ignore[reportIncompatibleVariableOverride]


def config() -> TrainConfig:
    """A run of 4 epochs of 3 steps."""
    numbers = tiny.config().model_dump(exclude={"method", "optimiser"})
    optimiser = AdamW(lr=0.003, clip=0.5, schedule="exponential", warmup=0.2)
    return MaskedTrainConfig(**numbers, method=MaskedConfig(), optimiser=optimiser)


def register(monkeypatch) -> None:
    """Let `build` know it."""
    monkeypatch.setattr(every, "METHODS", (*every.METHODS, Masked))
