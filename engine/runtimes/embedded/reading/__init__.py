"""Reading beside the writer, or without one: nothing in the directory changes, and nobody waits."""
