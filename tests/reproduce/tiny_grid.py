"""What makes the runs of a grid as small as those of `tiny`."""

import tiny
from skelact.encoders.config import STGCNConfig

CHANGES = {
    "encoder": STGCNConfig(width=2, features=8, dropout=0),
    "preparation": "released",
    "frames": 12,
    "batch": tiny.BATCH,
    "device": "cpu",
    "probe_every": 0,
}
