"""The adapters, file by file."""
