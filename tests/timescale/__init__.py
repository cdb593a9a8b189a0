"""A real TimescaleDB without root: PostgreSQL 17 in WebAssembly."""
