"""plan-gardener: a request and a git repository in, a branch on which the request is proven out."""

__version__ = "0.1.0"
