"""What came in and what went out, in order, and the snapshot that the log starts from."""
