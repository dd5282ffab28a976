"""Segments on disk: recorder, clips, retention, check."""
