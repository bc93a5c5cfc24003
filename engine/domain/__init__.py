"""The rules: pure functions over frozen values. No clock, chance, environment, I/O or logging below this package."""
