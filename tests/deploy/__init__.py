"""Tests of the command and the sandbox."""
