"""One module per way a picture comes in."""
