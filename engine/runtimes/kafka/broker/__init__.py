"""The broker: connection, topics, rights, partitions, and records on the wire."""
