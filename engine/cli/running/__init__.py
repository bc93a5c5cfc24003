"""Commands that run, write or end something."""
