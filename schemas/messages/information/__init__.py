"""Family ``information``: what one agency asks of another, and what is answered."""
