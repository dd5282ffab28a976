"""The stages from packets to events, the camera session, the worker, load control."""
