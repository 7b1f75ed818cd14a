"""The mathematics that methods are made of: augmentations, losses, banks, graphs, draws by key."""
