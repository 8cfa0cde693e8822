"""What commands run in: as much of the machine as they need, and nothing of it when they end."""
