"""A client that knows the contracts as files and nothing else: generated from the schemas, it reads a demo's outputs and answers."""
