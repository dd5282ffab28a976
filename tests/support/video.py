"""Real videos for the tests, made once per session and specification.

Most tests ask the fixture `make_video` of `tests/conftest.py`:

    def test_something(make_video):
        video = make_video(fps=25, seconds=4, gop=50, noise_sigma=3.0, walks=(Walk("person", 1, 3),))
        video.path, video.presences
"""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vedette.testing.scenes import Presence, Scene, Walk
from vedette.testing.video import VideoSpec, write_video

__all__ = ["Presence", "Scene", "Video", "VideoMaker", "VideoSpec", "Walk"]

_SCENE_FIELDS = frozenset(Scene.__dataclass_fields__)
DEFAULT_SCENE = Scene(walks=(Walk("person", 2.0, 6.0),))
QUIET_SCENE = Scene()


@dataclass(frozen=True)
class Video:
    """A video file and the truth about it."""

    path: Path
    spec: VideoSpec

    @property
    def presences(self) -> tuple[Presence, ...]:
        """Who is in view when, in seconds from the start."""
        return self.spec.presences


@dataclass
class VideoMaker:
    """Makes videos in a folder and remembers them.

    Keyword arguments are the fields of `VideoSpec` and of `Scene` (`walks`, `noise_sigma`, `lights`,
    `background`, `seed`, `period_s`); the scene is one person who walks through from second 2 to 6 when
    nothing is said. `quiet=True` is the same place with nobody in it.
    """

    folder: Path
    _made: dict[str, Video] = field(default_factory=dict)

    def __call__(self, *, suffix: str = ".mp4", quiet: bool = False, **fields: Any) -> Video:
        base = fields.pop("scene", QUIET_SCENE if quiet else DEFAULT_SCENE)
        scene_fields = {name: fields.pop(name) for name in _SCENE_FIELDS & fields.keys()}
        spec = VideoSpec(scene=replace(base, **scene_fields), **fields)
        key = hashlib.sha256(f"{spec!r}{suffix}".encode()).hexdigest()[:16]
        if key not in self._made:
            self._made[key] = Video(write_video(self.folder / f"{key}{suffix}", spec), spec)
        return self._made[key]
