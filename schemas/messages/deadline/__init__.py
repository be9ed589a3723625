"""Family ``deadline``: what the broker itself says about time, as agency ``broker``."""
