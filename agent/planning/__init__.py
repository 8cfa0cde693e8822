"""From request to a plan in good form: the plan file, lint, planner and gardener."""
