"""The fast engine of ST-GCN on CPUs: arrays with joints outermost, (v, t, n, c), worked on one joint at a time, so that
what one operation leaves is still in the cache for the next. Same mathematics as the plain `encoders.stgcn.block`,
which is the reference of its tests and what runs on other devices; `encoders.stgcn.engine` chooses.
"""

from skelact.encoders.stgcn.joints.block import feature_map

__all__ = ["feature_map"]
