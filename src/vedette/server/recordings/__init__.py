"""The index of recorded segments, clips, retention and check."""
