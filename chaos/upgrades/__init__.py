"""Tries that taggers behind the proxy of deploy/proxy can be replaced, and lost, under load."""
