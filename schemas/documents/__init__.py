"""The contracts as files: JSON Schema for each event, one AsyncAPI document for all topics, and the check that a change breaks nobody.

Everything is made from the models; nothing is written by hand but the payloads that are kept (schemas/payloads).
"""
