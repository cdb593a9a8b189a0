"""The same day sums in Kafka Streams, to be measured beside the worker."""
