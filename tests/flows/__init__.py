"""Whole flows against a real server; a missing server fails in CI."""
