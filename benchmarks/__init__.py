"""Measure speed against other frameworks: `make bench`."""
