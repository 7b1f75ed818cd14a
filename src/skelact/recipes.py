"""Named complete runs, one function each. `skelact pretrain NAME` starts from these numbers."""

from skelact.encoders.config import HCNConfig, STGCNConfig
from skelact.methods.config import (
    AimCLR3sConfig,
    AimCLRConfig,
    AnyMethodConfig,
    CrosSCLRConfig,
    SimCLRConfig,
    SkeAttnCLRConfig,
    SkeletonCLRConfig,
)
from skelact.train.config import SGD, AdamW, TrainConfig


def skeletonclr() -> TrainConfig:
    """SkeletonCLR as AimCLR's authors ran it on NTU RGB+D: 300 epochs, bank of 32768, released preparation."""
    return TrainConfig(recipe="skeletonclr", method=SkeletonCLRConfig())


def aimclr() -> TrainConfig:
    """AimCLR as its paper has it."""
    return TrainConfig(recipe="aimclr", method=AimCLRConfig())


def aimclr_released() -> TrainConfig:
    """AimCLR as its published program ran: no temporal flip, noise half of the time, NNM as a mean of logarithms."""
    method = AimCLRConfig(neighbours_form="released", noise_p=0.5, temporal_flip=False)
    return TrainConfig(recipe="aimclr-released", method=method)


def aimclr_na() -> TrainConfig:
    """Table 1, row 1: normal augmentations only."""
    return TrainConfig(recipe="aimclr-na", method=AimCLRConfig(views="normal", drop=False, neighbours=0))


def aimclr_ea() -> TrainConfig:
    """Table 1, row 2: extreme augmentations only."""
    return TrainConfig(recipe="aimclr-ea", method=AimCLRConfig(views="extreme", drop=False, neighbours=0))


def aimclr_na_ea() -> TrainConfig:
    """Table 1, row 3: both, joined by d1."""
    return TrainConfig(recipe="aimclr-na-ea", method=AimCLRConfig(drop=False, neighbours=0))


def aimclr_na_ea_eadm() -> TrainConfig:
    """Table 1, row 4: and EADM with d2. Row 5, with NNM, is `aimclr`."""
    return TrainConfig(recipe="aimclr-na-ea-eadm", method=AimCLRConfig(neighbours=0))


def crossclr() -> TrainConfig:
    """CrosSCLR on joint, motion and bone: SkeletonCLR a stream, from epoch 150 taught by the other streams."""
    return TrainConfig(recipe="crossclr", method=CrosSCLRConfig())


def crossclr_2s() -> TrainConfig:
    """CrosSCLR on joint and motion only."""
    return TrainConfig(recipe="crossclr-2s", method=CrosSCLRConfig(streams=("joint", "motion")))


def aimclr_3s() -> TrainConfig:
    """AimCLR on joint, motion and bone together, from epoch 150 also taught by the other streams (3s-AimCLR§)."""
    return TrainConfig(recipe="aimclr-3s", method=AimCLR3sConfig())


def skeattnclr() -> TrainConfig:
    """SkeAttnCLR as its paper has it: its own graph, full width, 64 frames."""
    encoder = STGCNConfig(width=64, graph="directed")
    return TrainConfig(recipe="skeattnclr", method=SkeAttnCLRConfig(), encoder=encoder, frames=64)


def skeattnclr_released() -> TrainConfig:
    """SkeAttnCLR as its published program ran on joints of NTU RGB+D: persons mixed, no non-salient loss, other start.

    For bones and motion its configurations have --method.mu 0.5.
    """
    method = SkeAttnCLRConfig(mu=1, layout="released", head_weights="released", momentum_ahead=None)
    return skeattnclr().model_copy(update={"recipe": "skeattnclr-released", "method": method})


def _small(recipe: str, method: AnyMethodConfig, lr: float, epochs: int) -> TrainConfig:
    """For hundreds or a few thousand clips, where a published run's bank, learning rate and slow key do not work."""
    return TrainConfig(
        recipe=recipe,
        method=method,
        encoder=STGCNConfig(dropout=0, absent="left_out"),
        optimiser=SGD(lr=lr, schedule="cosine", warmup=0.05),
        preparation="robust",
        batch=64,
        frames=32,
        epochs=epochs,
    )


_SMALL_CONTRAST = {"temperature": 0.1, "momentum": 0.99, "bank": 1024, "bank_within_clips": True}


def skeletonclr_small() -> TrainConfig:
    """SkeletonCLR for small data: warm-up and cosine, a fast key network, a bank within the clips, no dropout.

    The learning rate was chosen by kNN on clips of training people alone (docs/training.md).
    """
    return _small("skeletonclr-small", SkeletonCLRConfig(**_SMALL_CONTRAST), lr=0.005, epochs=70)


def aimclr_small() -> TrainConfig:
    """AimCLR for small data: as skeletonclr-small; nearest neighbours only when the learning rate has nearly fallen.

    Neighbours from half of the run on, as the paper has it, took back what had been learned (docs/training.md).
    """
    return _small("aimclr-small", AimCLRConfig(**_SMALL_CONTRAST, neighbours_from=None), lr=0.005, epochs=60)


def crossclr_small() -> TrainConfig:
    """CrosSCLR for small data: three times skeletonclr-small; across streams when the learning rate has nearly fallen.

    Rate and length are skeletonclr-small's, the second stage's share that of aimclr-small: none was chosen for it.
    """
    return _small("crossclr-small", CrosSCLRConfig(**_SMALL_CONTRAST, cross_from=None), lr=0.005, epochs=70)


def aimclr_3s_small() -> TrainConfig:
    """3s-AimCLR§ for small data: three times aimclr-small; across streams from the epoch that neighbours begin at.

    Rate, length and share of the second stage are aimclr-small's: none was chosen for it.
    """
    method = AimCLR3sConfig(**_SMALL_CONTRAST, neighbours_from=None, cross_from=None)
    return _small("aimclr-3s-small", method, lr=0.005, epochs=60)


def skeattnclr_small() -> TrainConfig:
    """SkeAttnCLR for small data: as aimclr-small, at the paper's temperature; no predictors, half the learning rate.

    Predictors, graph and rate were chosen on training clips (docs/methods/skeattnclr.md), the length was not. The
    momentum, which rises to 1, is 0.99 on the run's average.
    """
    method = SkeAttnCLRConfig(**{**_SMALL_CONTRAST, "temperature": 0.2, "momentum": 0.98}, predictors=False)
    return _small("skeattnclr-small", method, lr=0.0025, epochs=60)


def simclr_small() -> TrainConfig:
    """SimCLR on HCN for small data: clips prepared once a clip, in sizes of the body; AdamW, warm-up and cosine.

    Temperature, augmentations and length were chosen on training people alone (docs/methods/simclr.md).
    """
    return TrainConfig(
        recipe="simclr-small",
        method=SimCLRConfig(),
        encoder=HCNConfig(),
        optimiser=AdamW(lr=1e-3, weight_decay=1e-4, schedule="cosine", warmup=0.05),
        preparation="body",
        batch=64,
        frames=48,
        epochs=20,
    )


RECIPES = {
    recipe().recipe: recipe
    for recipe in (
        skeletonclr,
        aimclr,
        aimclr_released,
        aimclr_na,
        aimclr_ea,
        aimclr_na_ea,
        aimclr_na_ea_eadm,
        crossclr,
        crossclr_2s,
        aimclr_3s,
        skeattnclr,
        skeattnclr_released,
        skeletonclr_small,
        aimclr_small,
        crossclr_small,
        aimclr_3s_small,
        skeattnclr_small,
        simclr_small,
    )
}
