"""What ingest decides, as pure functions on arrays."""
