"""A real Kafka and a real PostgreSQL on loopback, with nothing on the machine but Python."""
