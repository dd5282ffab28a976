"""What the fuzz targets share: how many examples, and bytes that are nearly right.

`VEDETTE_FUZZ_EXAMPLES=100000 pytest tests/fuzz` looks for longer, and for new examples each time.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("VEDETTE_FUZZ_EXAMPLES", "40"))


def fuzz(share: float = 1.0) -> Callable[[Any], Any]:
    """Bounds a target; slow ones take a share of the examples."""
    return settings(max_examples=max(1, round(EXAMPLES * share)), suppress_health_check=list(HealthCheck))


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with some bytes overwritten, cut out, doubled, or cut off."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(["overwrite", "cut", "double", "end"])):
            case "overwrite":
                junk = draw(st.binary(min_size=1, max_size=8))
                data[at : at + len(junk)] = junk
            case "cut":
                del data[at : at + draw(st.integers(1, 64))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 64))]
            case _:
                del data[at:]
    return bytes(data)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["/a", "rtsp://x/y", "default", "person", "always", "yes", "\x00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
"""Anything that YAML and JSON can hold."""
