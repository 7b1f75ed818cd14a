"""What a program calls, under the names that `import skelact` offers.

Paths may be texts or `pathlib.Path`. Where a store or an encoder is asked for, its path does as well. Everything that a
user can mend is a SkelactError.
"""
