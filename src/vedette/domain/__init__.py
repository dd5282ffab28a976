"""Pure values: boxes, zones, profiles, cameras, messages. No I/O; imports nothing else of Vedette."""
