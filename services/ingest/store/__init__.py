"""The only SQL of the ingest service."""
