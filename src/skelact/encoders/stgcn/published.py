"""Names of the published ST-GCN programs' state dicts, and ours beside them."""

import re

# (published, ours), of one block or of the whole network, applied from the left end of a name.
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
    """Our name of a published encoder tensor; None for what is not part of the encoder (heads, banks)."""
    for pattern, replacement in _RENAMES:
        renamed, hits = re.subn(pattern, replacement, published)
        if hits:
            return renamed
    return None
