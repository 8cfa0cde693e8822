"""What a session can call."""
