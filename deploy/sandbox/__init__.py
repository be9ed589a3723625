"""The embedded default: nats-server as a child process, demo agencies and their records."""
