"""ST-GCN: its network, a faster way to compute it on a CPU, and the checkpoints published of it."""
