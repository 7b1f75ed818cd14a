"""The base of methods that learn several streams together: one single-stream method per stream.

Cross-stream knowledge mining comes from CrosSCLR (Li et al., CVPR 2021, section 3.3), which calls a stream a view.
"""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from skelact.encoders.encoder import Encoder
from skelact.maths.augment import Augmentation
from skelact.maths.losses import cross_stream
from skelact.maths.streams import Stream, apply_stream
from skelact.methods.config import CrossStreamConfig
from skelact.methods.method import Method, Moment
from skelact.skeleton import Skeleton

Learner = TypeVar("Learner", bound=Method)


class CrossStream(Method, Generic[Learner]):
    """One learner per stream, with its own query network, key network, projection head and bank.

    All learners see the same clips in the same order, so entry i of every bank is the same clip.
    """

    def __init__(self, config: CrossStreamConfig, learner: Callable[[Stream], Learner], skeleton: Skeleton):
        super().__init__()
        self.config = config
        self.skeleton = skeleton
        self.learners = nn.ModuleDict({stream: learner(stream) for stream in config.streams})

    @property
    def encoder(self) -> Encoder:
        return self.encoders()[self.config.streams[0]]

    def encoders(self) -> dict[Stream, Encoder]:
        return {stream: self.learner(stream).encoder for stream in self.config.streams}

    def learner(self, stream: Stream) -> Learner:
        """The single-stream method of this stream."""
        return cast(Learner, self.learners[stream])

    def views(self) -> dict[str, Augmentation]:
        return self.learner(self.config.streams[0]).views()

    def by_stream(
        self, views: dict[str, Float[Tensor, "n c t v m"]]
    ) -> Iterator[tuple[Stream, Learner, dict[str, Float[Tensor, "n c t v m"]]]]:
        """Every stream with its learner and the views, converted from joints to that stream."""
        for stream in self.config.streams:
            stream_views = {name: apply_stream(view, stream, self.skeleton) for name, view in views.items()}
            yield stream, self.learner(stream), stream_views

    def after_step(self, moment: Moment) -> None:
        for stream in self.config.streams:
            self.learner(stream).after_step(moment)

    def crosses(self, moment: Moment) -> bool:
        """Whether a step belongs to stage 2."""
        return moment.epoch >= self.config.cross_begins(moment.epochs)

    def taught(self, logits: dict[Stream, Float[Tensor, "n k1"]]) -> dict[Stream, Float[Tensor, ""]]:
        """The loss of each stream with the other streams as teachers, mean over the teachers."""
        c = self.config
        return {
            stream: torch.stack(
                [
                    cross_stream(own, teacher, c.top_k, c.temperature, c.context)
                    for other, teacher in logits.items()
                    if other != stream
                ]
            ).mean()
            for stream, own in logits.items()
        }
