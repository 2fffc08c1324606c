"""Measures the bridge against a control in the same run; see `python -m benchmarks --help`."""
