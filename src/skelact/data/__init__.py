"""Recordings: readers, stores, prepared views, splits, batches and synthetic bodies."""
