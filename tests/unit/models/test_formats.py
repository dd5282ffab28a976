"""Files of others: read when they are right, refused with file and line when not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.models.evaluation.events import is_clip_truth, read_clip_truths, read_events
from vedette.models.evaluation.formats import (
    EvaluationError,
    read_coco_results,
    read_coco_truth,
    read_label_folder,
    read_mot,
)

TRUTH = """{"images": [{"id": 3, "file_name": "a.jpg", "height": 1}],
"categories": [{"id": 1, "name": "ant"}],
"annotations": [{"image_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": 1},
{"image_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 7.5}]}"""


def written(tmp_path: Path, text: str, name: str = "file.json") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_coco_files(tmp_path: Path) -> None:
    """Crowds, areas, names; the area of the box where none is given."""
    truth = read_coco_truth(written(tmp_path, TRUTH))
    assert truth.boxes.crowd.tolist() == [True, False]
    assert truth.boxes.area.tolist() == [12, 7.5]
    assert (truth.categories, truth.images) == ({1: "ant"}, {3: "a.jpg"})
    results = '[{"image_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]'
    assert read_coco_results(written(tmp_path, results)).score.tolist() == [0.5]
    assert len(read_coco_results(written(tmp_path, "[]")).score) == 0


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"images": 3}', '[{"image_id": 3}]', "\x00"])
def test_broken_coco_files(tmp_path: Path, text: str) -> None:
    """One clear error for whatever is not COCO."""
    path = written(tmp_path, text)
    for read in (read_coco_truth, read_coco_results):
        with pytest.raises(EvaluationError, match=r"file\.json cannot be read"):
            read(path)
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_coco_truth(tmp_path / "none.json")


def test_mot_files(tmp_path: Path) -> None:
    """Six to ten columns; a missing confidence counts, a missing class is -1."""
    path = written(tmp_path, "1,2,3.5,4,5,6\n\n2,2,3,4,5,6,0,16,1.0\n", "t.txt")
    found = read_mot(path)
    assert found.frame.tolist() == [1, 2]
    assert found.boxes[0].tolist() == [3.5, 4, 5, 6]
    assert (found.confidence.tolist(), found.category.tolist()) == ([1, 0], [-1, 16])
    assert len(read_mot(written(tmp_path, "", "empty.txt")).frame) == 0


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d,e,f", "1,2,3,4,nan,6", "1,2,3,4,inf,6"])
def test_broken_mot_files(tmp_path: Path, text: str) -> None:
    """Too few columns, words, and numbers that are none."""
    with pytest.raises(EvaluationError, match=r"t\.txt"):
        read_mot(written(tmp_path, text, "t.txt"))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Every reader reads or raises our error, whatever the file holds."""
    folder = tmp_path_factory.mktemp("any")
    path = folder / "any.txt"
    path.write_bytes(content)
    readers = (read_mot, read_coco_truth, read_coco_results, read_events, read_clip_truths, is_clip_truth)
    for read in (*readers, lambda _: read_label_folder(folder, {})):
        try:
            read(path)
        except EvaluationError:
            continue


def test_label_folder(tmp_path: Path) -> None:
    """Pictures are numbered by name, classes as they are met; confidence is optional."""
    written(tmp_path, "dog .5 1 2 3 4\ncat 1 2 3 4\n", "b.txt")
    written(tmp_path, "cat .25 1 2 3 4\n", "a.txt")
    names: dict[str, int] = {}
    found = read_label_folder(tmp_path, names)
    assert names == {"cat": 0, "dog": 1}
    assert (found.image.tolist(), found.category.tolist()) == ([0, 1, 1], [0, 1, 0])
    assert found.score.tolist() == [0.25, 0.5, 1]


@pytest.mark.parametrize("text", ["dog 1 2 3", "dog 1 2 3 4 5 6", "dog one 2 3 4"])
def test_broken_label_files_name_the_line(tmp_path: Path, text: str) -> None:
    """File and line number lead to the mistake."""
    written(tmp_path, f"cat 1 2 3 4\n{text}\n", "a.txt")
    with pytest.raises(EvaluationError, match=r"a\.txt:2"):
        read_label_folder(tmp_path, {})
