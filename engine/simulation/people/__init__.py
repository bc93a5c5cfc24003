"""The people of a simulated organisation: who there is, and how each acts."""
