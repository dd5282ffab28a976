"""REST under /api/v1, metrics and live updates."""
