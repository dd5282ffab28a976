"""Words for the pages of access."""
