"""Proof that nothing changed behind the engine: hashes of rows and outputs, fingerprints, verification by playing again."""
