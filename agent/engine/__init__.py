"""The loops: the whole run, one task, one session, one turn."""
