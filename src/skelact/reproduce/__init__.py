"""Reproduce a published table: pretrain and evaluate every row, and compare it with the published numbers."""

from skelact.reproduce.options import Options
from skelact.reproduce.run import reproduce

__all__ = ["Options", "reproduce"]
