"""Lists from outside that rules rest on, with source, licence and the day they were read."""
