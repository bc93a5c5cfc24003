"""Commands that look: they change nothing."""
