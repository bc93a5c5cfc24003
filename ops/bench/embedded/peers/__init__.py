"""What one would pick instead, each run in a process of its own."""
