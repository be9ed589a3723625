"""What an adversary tries: each test says what it wants, and that it does not get it."""
