"""ST-GCN on CPUs with joints outermost: arrays (v, t, n, c), worked on one joint at a time, so that what one operation
leaves is still in the cache for the next. Same mathematics as the plain block of `encoders.stgcn`, which is the
reference of its tests and what runs on other devices.
"""

from skelact.encoders.joints.block import feature_map

WORTH = 2**15
"""Persons x frames x joints of a batch from which this pays: below, many small operations cost more than they save."""

__all__ = ["WORTH", "feature_map"]
