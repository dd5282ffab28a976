"""How good are detectors, trackers and events: the field's standard figures, computed here."""
