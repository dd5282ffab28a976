"""Finding, judging and sharing events, on a real database."""
