"""Reads pickles without running code from them: an interpreter of their operations.

`makes.Makes` decides what names in a pickle stand for; there is one for array files and one for PyTorch checkpoints.
"""
