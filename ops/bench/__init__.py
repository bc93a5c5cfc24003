"""Benchmarks: what the engine costs, beside what one would pick instead. Figures are printed and kept, never asserted."""
