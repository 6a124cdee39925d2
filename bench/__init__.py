"""Measurements of the promises that are ratios: `make bench`, or `make bench ONLY=steering` for one."""
