"""What the pixels mean: gate, motion, regions, detectors, tracker."""
