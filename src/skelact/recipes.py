"""The recipes: complete configurations of a run, one function each. `skelact pretrain NAME` starts from one."""

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
    """SkeletonCLR as AimCLR's authors ran it on NTU RGB+D: 300 epochs, bank of 32768, preparation released."""
    return TrainConfig(recipe="skeletonclr", method=SkeletonCLRConfig())


def aimclr() -> TrainConfig:
    """AimCLR as in the paper."""
    return TrainConfig(recipe="aimclr", method=AimCLRConfig())


def aimclr_released() -> TrainConfig:
    """AimCLR as in the published program: no temporal flip, noise with probability 0.5, NNM as a mean of logarithms."""
    method = AimCLRConfig(neighbours_form="released", noise_p=0.5, temporal_flip=False)
    return TrainConfig(recipe="aimclr-released", method=method)


def aimclr_na() -> TrainConfig:
    """AimCLR, Table 1, row 1: normal augmentations only."""
    return TrainConfig(recipe="aimclr-na", method=AimCLRConfig(views="normal", drop=False, neighbours=0))


def aimclr_ea() -> TrainConfig:
    """AimCLR, Table 1, row 2: extreme augmentations only."""
    return TrainConfig(recipe="aimclr-ea", method=AimCLRConfig(views="extreme", drop=False, neighbours=0))


def aimclr_na_ea() -> TrainConfig:
    """AimCLR, Table 1, row 3: normal views teach an extreme view (loss d1)."""
    return TrainConfig(recipe="aimclr-na-ea", method=AimCLRConfig(drop=False, neighbours=0))


def aimclr_na_ea_eadm() -> TrainConfig:
    """AimCLR, Table 1, row 4: adds EADM (loss d2). Row 5 adds NNM and is `aimclr`."""
    return TrainConfig(recipe="aimclr-na-ea-eadm", method=AimCLRConfig(neighbours=0))


def crossclr() -> TrainConfig:
    """CrosSCLR on joint, motion and bone: one SkeletonCLR per stream, from epoch 150 taught by the other streams."""
    return TrainConfig(recipe="crossclr", method=CrosSCLRConfig())


def crossclr_2s() -> TrainConfig:
    """CrosSCLR on joint and motion only."""
    return TrainConfig(recipe="crossclr-2s", method=CrosSCLRConfig(streams=("joint", "motion")))


def aimclr_3s() -> TrainConfig:
    """AimCLR on joint, motion and bone together, from epoch 150 also taught by the other streams (3s-AimCLR§)."""
    return TrainConfig(recipe="aimclr-3s", method=AimCLR3sConfig())


def skeattnclr() -> TrainConfig:
    """SkeAttnCLR as in the paper: directed graph, width 64, 64 frames."""
    encoder = STGCNConfig(width=64, graph="directed")
    return TrainConfig(recipe="skeattnclr", method=SkeAttnCLRConfig(), encoder=encoder, frames=64)


def skeattnclr_released() -> TrainConfig:
    """SkeAttnCLR as in the published program on joints of NTU RGB+D: persons mixed, no non-salient loss, other start.

    Its configurations for bones and motion have --method.mu 0.5.
    """
    method = SkeAttnCLRConfig(mu=1, layout="released", head_weights="released", momentum_ahead=None)
    return skeattnclr().model_copy(update={"recipe": "skeattnclr-released", "method": method})


def _small(recipe: str, method: AnyMethodConfig, lr: float, epochs: int) -> TrainConfig:
    """For hundreds to a few thousand clips: the published bank, learning rate and momentum do not work there."""
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
    """SkeletonCLR for small data: warm-up and cosine schedule, fast key network, small bank, no dropout.

    The learning rate was chosen by kNN on training clips only (docs/training.md).
    """
    return _small("skeletonclr-small", SkeletonCLRConfig(**_SMALL_CONTRAST), lr=0.005, epochs=70)


def aimclr_small() -> TrainConfig:
    """AimCLR for small data: as skeletonclr-small; NNM only in the last sixth of the run, at low learning rates.

    NNM from half of the run on, as in the paper, made the features worse again (docs/training.md).
    """
    return _small("aimclr-small", AimCLRConfig(**_SMALL_CONTRAST, neighbours_from=None), lr=0.005, epochs=60)


def crossclr_small() -> TrainConfig:
    """CrosSCLR for small data: skeletonclr-small per stream; learns across streams in the last sixth of the run.

    Learning rate and length are those of skeletonclr-small, the start of stage 2 that of aimclr-small; not tuned.
    """
    return _small("crossclr-small", CrosSCLRConfig(**_SMALL_CONTRAST, cross_from=None), lr=0.005, epochs=70)


def aimclr_3s_small() -> TrainConfig:
    """3s-AimCLR§ for small data: aimclr-small per stream; learns across streams in the last sixth of the run.

    Learning rate, length and start of stage 2 are those of aimclr-small; not tuned.
    """
    method = AimCLR3sConfig(**_SMALL_CONTRAST, neighbours_from=None, cross_from=None)
    return _small("aimclr-3s-small", method, lr=0.005, epochs=60)


def skeattnclr_small() -> TrainConfig:
    """SkeAttnCLR for small data: as aimclr-small, but the paper's temperature, no predictors, half the learning rate.

    Predictors, graph and learning rate were chosen on training clips (docs/methods/skeattnclr.md); the length was not.
    The momentum rises to 1; its mean over the run is 0.99.
    """
    method = SkeAttnCLRConfig(**{**_SMALL_CONTRAST, "temperature": 0.2, "momentum": 0.98}, predictors=False)
    return _small("skeattnclr-small", method, lr=0.0025, epochs=60)


def simclr_small() -> TrainConfig:
    """SimCLR on HCN for small data: clips prepared once a clip, in sizes of the body; AdamW, warm-up and cosine.

    Its numbers are a first guess, made without looking at test clips; none was tuned yet.
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
