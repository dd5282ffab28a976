"""Loads every ONNX file of a folder; a crash of the runtime is a crash of this process."""

import sys
from pathlib import Path

from vedette.domain.errors import ModelError
from vedette.vision.detectors.registry import load_detector

for path in sorted(Path(sys.argv[1]).glob("*.onnx")):
    print(path.name, flush=True)
    try:
        load_detector(path)
    except ModelError as error:
        assert path.stem in str(error), error  # noqa: PT017 - one or the other
