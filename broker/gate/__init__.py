"""The gate: ``judge`` decides on one message (pure), ``service`` looks up, records, forwards or refuses."""
