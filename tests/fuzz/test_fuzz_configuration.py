"""Configuration, settings and label files from anywhere: accepted, or refused in words."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.inputs import damaged, fuzz, values
from vedette.domain.camera import CameraSpec
from vedette.domain.errors import ConfigurationError, VedetteError
from vedette.models.evaluation.events import read_clip_truths, read_events
from vedette.server.cameras.configuration import apply_config, export_config
from vedette.server.cameras.desired import desired_state
from vedette.server.cameras.service import CAMERA_FIELDS, PROFILE_FIELDS, ZONE_FIELDS
from vedette.settings import Settings, load_settings
from vedette.vision.detectors.labels import read_labels

square = st.just([[0, 0], [1, 0], [1, 1]])
zone = st.fixed_dictionaries({"polygon": square | values}, optional=dict.fromkeys(ZONE_FIELDS[2:], values))
zones = st.dictionaries(st.text(max_size=5), zone | values, max_size=2)
_OTHERS = (*CAMERA_FIELDS, "profile", "password", "password_env", "id")
camera = st.fixed_dictionaries(
    {"main_url": st.just("rtsp://x/y") | values},
    optional={name: values for name in _OTHERS if name != "main_url"} | {"zones": zones | values},
)
profile = st.fixed_dictionaries({}, optional=dict.fromkeys(PROFILE_FIELDS, values))
cameras = st.dictionaries(st.sampled_from(["door", "yard", "X y", ""]), camera | values, max_size=2)
profiles = st.dictionaries(st.sampled_from(["default", "night"]), profile | values, max_size=2)
document = st.fixed_dictionaries(
    {}, optional={"cameras": cameras | values, "profiles": profiles | values, "more": values}
)


def written(content: object) -> str:
    """As YAML."""
    return str(yaml.safe_dump(content, allow_unicode=True))


@pytest.mark.django_db
@fuzz(2)
@given(content=document)
def test_a_configuration_is_applied_whole_or_refused(content: Any) -> None:
    """What was accepted can be exported, applied again without a change, and given to a worker."""
    before = export_config()
    try:
        text = written(content)
        apply_config(text)
    except ConfigurationError:
        assert export_config() == before
        return
    assert not apply_config(export_config())
    assigned = desired_state(["w"])[1]
    assert all(isinstance(spec, CameraSpec) for one in assigned.values() for spec in one.cameras)


@pytest.mark.django_db
@fuzz()
@given(text=st.text(max_size=100))
def test_a_configuration_may_be_any_text(text: str) -> None:
    """YAML or not."""
    try:
        apply_config(text)
    except ConfigurationError:
        return


@fuzz()
@given(
    content=st.dictionaries(st.sampled_from([*Settings.model_fields, "prot"]), values, max_size=4) | values
)
def test_a_settings_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    """Nothing but ConfigurationError comes out."""
    path = tmp_path_factory.mktemp("settings") / "vedette.yaml"
    path.write_text(written(content), encoding="utf-8")
    try:
        assert load_settings(path).port >= 0
    except ConfigurationError as error:
        assert str(path) in str(error)  # noqa: PT017 - accepted or refused


@fuzz()
@given(data=st.binary(max_size=300))
def test_a_settings_file_may_hold_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Likewise."""
    path = tmp_path_factory.mktemp("settings") / "vedette.yaml"
    path.write_bytes(data)
    try:
        load_settings(path)
    except ConfigurationError:
        return


@fuzz()
@given(data=st.binary(max_size=300) | damaged(b"person\nbicycle\ncar\n"))
def test_labels_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Any bytes as a label file."""
    path = tmp_path_factory.mktemp("labels") / "labels.txt"
    path.write_bytes(data)
    try:
        assert all(isinstance(label, str) for label in read_labels(path))
    except VedetteError:
        return


interval = {"label": "person", "start_s": 1.0, "end_s": 2.0, "certain": True}
truth = json.dumps({"a.mp4": {"duration_s": 9.0, "presence": [interval]}}).encode()
lines = json.dumps({"kind": "object", "label": "person", "start_s": 1.0, "end_s": 2.0}).encode()


@fuzz()
@given(data=damaged(truth) | values.map(lambda value: json.dumps(value).encode()))
def test_truth_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """The ground truth of clips."""
    read_or_refuse(tmp_path_factory.mktemp("truth") / "truth.json", data, read_clip_truths)


@fuzz()
@given(data=damaged(lines) | values.map(lambda value: json.dumps(value).encode()))
def test_events_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Events as `analyze` prints them."""
    read_or_refuse(tmp_path_factory.mktemp("events") / "events.jsonl", data, read_events)


def read_or_refuse(path: Path, data: bytes, read: Any) -> None:
    """Read, or an error with words."""
    path.write_bytes(data)
    try:
        read(path)
    except VedetteError as error:
        assert path.name in str(error)  # noqa: PT017 - read or refused
