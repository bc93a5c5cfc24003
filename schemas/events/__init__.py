"""The data of every event, by domain."""
