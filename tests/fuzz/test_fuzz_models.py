"""Model files that are damaged: a ModelError with the file's name, never a crash."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.fuzz.inputs import EXAMPLES
from tests.support.onnx_models import write_model


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, or an end cut off."""
    broken = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        broken[chance.randrange(len(broken))] = chance.randrange(256)
    return bytes(broken[: chance.randrange(len(broken))] if chance.random() < 0.3 else broken)


def test_damaged_models_are_refused_or_run(tmp_path: Path) -> None:
    """In a process of their own, so that a crash of the runtime is seen, with the file that did it."""
    whole = write_model(tmp_path / "whole.onnx", {"output": np.zeros((84, 7), np.float32)}).read_bytes()
    chance = random.Random(1)
    for number in range(EXAMPLES):
        (tmp_path / f"{number:06}.onnx").write_bytes(damaged(whole, chance))
    command = [sys.executable, "-m", "tests.fuzz.model_process", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, (done.stdout[-100:], done.stderr[-3000:])
