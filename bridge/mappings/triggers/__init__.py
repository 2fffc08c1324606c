"""What an event changes: which triggers it concerns, their conditions, variables, pins and versions."""
