"""Vedette watches cameras and tells you what happened."""

__version__ = "0.2.0"
