"""Facts read from a repository without a model."""
