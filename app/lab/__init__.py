"""Instruments: one file for each question that is asked of a unit beyond its pictures."""
