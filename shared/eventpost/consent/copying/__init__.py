"""Copying everybody from one store of subscribers to another, while people join and leave.

`many` copies pages of people, `one` copies somebody alone with all that it may take. What both stores have in common
of a person is told by versions (`ground`), what is saved by `plan`; who changed in both is merged (`merging`). `check`
counts and hashes both stores afterwards.
"""
