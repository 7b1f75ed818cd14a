"""`skelact bench`: how fast this machine does each work, beside what it could do and beside the plain computation."""

from skelact.bench.config import FULL, QUICK, WORKS, BenchConfig, Work
from skelact.bench.result import show
from skelact.bench.run import bench

__all__ = ["FULL", "QUICK", "WORKS", "BenchConfig", "Work", "bench", "show"]
