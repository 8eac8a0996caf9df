"""One module for each way to lay out a dataset.

Each has `LOOKED_FOR`, which says in words what `matches(folder)` recognises, and `read(folder)`.
"""
