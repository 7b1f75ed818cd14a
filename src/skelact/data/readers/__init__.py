"""The readers, by name."""
