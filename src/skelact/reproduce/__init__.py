"""A paper's table run anew: every configuration pretrained and evaluated, beside the published numbers."""

from skelact.reproduce.options import Options
from skelact.reproduce.run import reproduce

__all__ = ["Options", "reproduce"]
