"""Searches the settings with which a tagger learns best, with Optuna (https://arxiv.org/abs/1907.10902)."""
