"""The public functions of `import skelact`.

Paths may be strings or `pathlib.Path`. Stores and encoders may be given by their path. Errors in arguments, files and
data are raised as SkelactError.
"""
