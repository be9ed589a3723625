"""How records are reached."""
