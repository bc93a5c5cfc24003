"""Benchmarks of the Kafka runtime beside what one would take instead, on a real broker."""
