"""Recordings: readers, stores, preparations, splits, batches and synthetic bodies."""
