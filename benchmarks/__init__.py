"""Kernels against what a person would otherwise write or pick: `python -m benchmarks` prints the table."""
