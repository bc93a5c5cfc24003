"""Bothways: an event-driven programme engine for two-way mentorship."""
