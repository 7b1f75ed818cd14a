"""Pickles read without running anything that stands in them: their operations are followed here one by one.

What the names in one stand for, `makes.Makes` says: one for files of arrays, one for checkpoints of PyTorch.
"""
