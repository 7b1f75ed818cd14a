"""Maps tensor names of the published ST-GCN programs to ours."""

import re

# (published, ours): patterns at the start of a name.
_RENAMES = (
    (r"^A$", "adjacency"),
    (r"^data_bn\.", "input_norm."),
    (r"^edge_importance\.(\d+)$", r"blocks.\1.importance"),
    (r"^st_gcn_networks\.(\d+)\.gcn\.conv\.", r"blocks.\1.spatial."),
    (r"^st_gcn_networks\.(\d+)\.tcn\.0\.", r"blocks.\1.spatial_norm."),
    (r"^st_gcn_networks\.(\d+)\.tcn\.2\.", r"blocks.\1.temporal."),
    (r"^st_gcn_networks\.(\d+)\.tcn\.3\.", r"blocks.\1.temporal_norm."),
    (r"^st_gcn_networks\.(\d+)\.residual\.", r"blocks.\1.residual."),
)


def our_name(published: str) -> str | None:
    """Our name of a published tensor; None if it is not part of the encoder (heads, banks)."""
    for pattern, replacement in _RENAMES:
        renamed, hits = re.subn(pattern, replacement, published)
        if hits:
            return renamed
    return None
