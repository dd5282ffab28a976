"""Object detectors: one module per model family."""
