"""The NATS server as we run it: operator, accounts and users as JWTs, its configuration, its process."""
