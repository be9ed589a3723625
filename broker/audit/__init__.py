"""Audit: ``store`` the log over records and its checkpoints, ``service`` proofs and witness exchange."""
