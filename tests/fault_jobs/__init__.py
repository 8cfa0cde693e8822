"""Whole runs against a server in which things go wrong: what the benchmark and its tests share."""
