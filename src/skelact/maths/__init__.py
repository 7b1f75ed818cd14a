"""Building blocks of the methods: augmentations, losses, memory banks, graphs, random numbers by key."""
