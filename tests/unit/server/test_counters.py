"""The one list of what is counted: complete, and the same in the reference."""

import re
from pathlib import Path

from vedette.server.nodes.counters import COUNTERS, DROPS, GAUGES, help_of
from vedette.server.nodes.kinds import KINDS

ROOT = Path(__file__).parents[3]
REFERENCE = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")


def test_every_counter_and_gauge_stands_in_the_reference_in_the_same_words() -> None:
    """The table of docs/reference/metrics.md has a row of each, with its help text."""
    rows = dict(re.findall(r"^\| `vedette_(\w+)` \| (.+) \|$", REFERENCE, re.MULTILINE))
    wanted = {f"{name}_total": text for name, text in COUNTERS.items()} | GAUGES
    assert rows == wanted


def test_drops_are_counters() -> None:
    """What is watched for dropping is counted and has words."""
    assert COUNTERS.keys() >= DROPS


def test_unknown_names_get_words() -> None:
    """A counter that nobody has described is shown as its name in words."""
    assert help_of("live_fragments_dropped_by_nobody") == "Live fragments dropped by nobody."


def test_every_kind_of_incident_is_explained() -> None:
    """docs/explanation/monitoring.md names each with its patience."""
    text = (ROOT / "docs" / "explanation" / "monitoring.md").read_text(encoding="utf-8")
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.title} | {kind.after_s:g} s | {kind.well_s:g} s |" in text, name
