"""The commands of `hangtag` that train: what operators type, and what they are told.

Each imports late: torch takes seconds, and --help and refusals should not.
"""
