"""Alerts: what is armed, which rules notify whom, and the delivery of notifications."""
