"""Cameras, zones and profiles: the configuration that workers run."""
