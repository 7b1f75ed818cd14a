"""What the named parts of a loss are, in words: for whoever reads a log or a curve. Needs no PyTorch."""

LOSS_PARTS = {
    "info_nce": "InfoNCE: find the key among the bank",
    "nnm": "nearest neighbours count as positives",
    "d1": "D3M: extreme view against normal view",
    "d2": "D3M: extreme view after EADM against normal view",
    "cross": "neighbours from other streams",
    "global": "InfoNCE of the whole clip",
    "salient": "InfoNCE of salient features",
    "non_salient": "InfoNCE of non-salient features",
}
"""Meaning of each part by its name in metrics.jsonl. Methods of several streams write STREAM/NAME."""
