"""The names of what lies in a run's folder."""

from __future__ import annotations

LOCK = ".lock"
# Before training begins.
SETTINGS = "settings.json"
DATA_REPORT = "data_report.json"
SPLITS_FILE = "splits.csv"
# While it trains.
LOG = "log"
CHECKPOINTS = "checkpoints"
BEST_CHECKPOINT = "best.ckpt"
# At its end.
TEST_PHOTOS = "test_photos.npz"
BUNDLE = "bundle"
UNFINISHED_BUNDLE = ".bundle"
METRICS = "metrics.json"
TEST_SCORES = "test_scores.csv"
REPORT_PAGE = "report.html"
REPORT_METRICS = "report.json"
