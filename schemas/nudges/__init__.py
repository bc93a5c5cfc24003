"""What a nudge says: its key, its parameters, and the answers that it offers."""
