"""Live view: from the workers' bus over one WebSocket per viewer to the browsers."""
