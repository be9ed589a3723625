"""Gathering: ``track`` tells where each request stands (pure), ``service`` reminds, escalates, closes."""
