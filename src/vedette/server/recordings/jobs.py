"""Periodic work on exports."""

from vedette.server.jobs.registry import job
from vedette.server.recordings import exports
from vedette.server.recordings.exporter import exporter

EVERY_S = 15.0


@job("exports", every_s=EVERY_S, title="Make exports that wait, and remove those that have expired")
def make_and_remove_exports() -> str:
    """Also takes up what a crash has left unfinished."""
    removed = exports.tidy()
    exporter.kick()
    return f"{removed} removed." if removed else "Nothing to remove."
