"""Tries an endpoint and says plainly what is true of it."""
