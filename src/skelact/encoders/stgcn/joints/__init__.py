"""The fast engine of ST-GCN on CPUs.

Arrays are (v, t, n, c), with joints outermost, and are processed joint by joint, so that data stays in the cache
between operations. The mathematics is that of the plain `encoders.stgcn.block`, which runs on other devices and is the
reference in the tests. `encoders.stgcn.engine` chooses.
"""

from skelact.encoders.stgcn.joints.block import feature_map

__all__ = ["feature_map"]
