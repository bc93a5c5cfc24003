"""Erasure: what is left of a row that names somebody who was erased, in both stages.

Rules: rules
Applied by: in_people, in_programmes
"""
