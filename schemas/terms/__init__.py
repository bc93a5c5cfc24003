"""The vocabulary: codes, ids, reasons, attributes, skills, the policy of a programme."""
