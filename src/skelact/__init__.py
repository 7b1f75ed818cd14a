"""skelact: self-supervised learning of human actions from skeleton recordings."""

__version__ = "0.1.0"
