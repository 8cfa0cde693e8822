"""A todo list in the browser with a chat about it."""
