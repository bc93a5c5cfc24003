"""Text and values as people and systems write them: exact numbers, zones, fields, plain words."""
