"""A real Apache Kafka broker on this machine without containers: for tests, drills and trying things out."""
