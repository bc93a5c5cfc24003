"""What runs the core: each runtime reads bytes, loads rows, persists transitions and commits them. None holds a rule of the programme."""
