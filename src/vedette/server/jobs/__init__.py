"""Periodic work, in one place."""
