"""In-memory twins and rendered scenes, for our tests and for those of users."""
