"""The door of a service for the other processes of its user: HTTP over a Unix socket in the data directory."""
