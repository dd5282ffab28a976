"""Backup and restore of the database, the settings and, when asked for, the keys."""
