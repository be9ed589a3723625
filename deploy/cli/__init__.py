"""The ``dovetail`` command: ``main`` is its entry point, one file per group of commands."""
