"""What pairing costs and how good it is, from two thousand people to a million, beside what one would pick instead."""
