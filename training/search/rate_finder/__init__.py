"""Finds a learning rate by a sweep over all of them (Smith 2015, https://arxiv.org/abs/1506.01186)."""
