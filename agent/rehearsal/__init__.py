"""A scripted model behind a real local HTTP server: what runs without a key, and tests' door."""
