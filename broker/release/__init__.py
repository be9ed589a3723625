"""Release: ``admit`` decides (pure), ``service`` hands out content against a signed receipt."""
