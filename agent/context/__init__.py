"""What goes into the next request."""
