"""The chaos suite: faults, hostile requests and overload against a live server; `make chaos`."""
