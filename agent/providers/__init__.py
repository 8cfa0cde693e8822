"""Models behind endpoints: one adapter per dialect, and what is known of each provider."""
