"""The same choice of pairs as domain/choosing, compiled: an optional extra for large pools.

Every module here repeats, on arrays, what a module of the domain does on plain objects, and gives the same numbers bit for bit. Nothing
imports this package but the runtimes and the benchmarks; without numba it isn't imported at all.
"""
