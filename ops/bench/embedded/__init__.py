"""The embedded runtime against its floor, its peers and its own promises. README.md beside this file says how to read the figures."""
