"""The rules of the two stages, one module per processor. Pure: rows and a record in, effects out."""
