"""The published computation once more, operation by operation, as slow and as plain as its formulas: what every ratio
of `skelact bench` is against. Nothing else uses it; tests hold it against the published programs' arrays.
"""
