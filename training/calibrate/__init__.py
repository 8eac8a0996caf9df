"""Calibration of scores, thresholds, prediction sets."""
