"""Builders: a valid thing, with one thing changed."""
