"""Finds what makes a test suite weaker than it was at a commit, without a model."""
