"""Gates, drills, benchmarks and reference services around the engine; nothing here is imported by it."""
