"""ST-GCN: the network, a fast engine for CPUs, and the import of published checkpoints."""
