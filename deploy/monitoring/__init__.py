"""Prometheus rules with their tests, and a Grafana dashboard."""
