"""The model catalogue, downloads, and the evaluation of detectors and trackers."""
