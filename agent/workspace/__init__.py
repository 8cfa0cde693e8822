"""The checkout a run works in: paths, processes, git."""
