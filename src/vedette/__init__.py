"""Vedette watches cameras and tells you what happened."""

__version__ = "0.1.0"
