"""The POL rules, one small file per group; each carries its number, its sentence and where it runs."""
