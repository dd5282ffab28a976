"""The settings of an installation: one typed schema, from the environment and an optional `vedette.yaml`.

Cameras, zones and profiles are not settings: they live in the database and change while Vedette runs.
Precedence: arguments, environment (`VEDETTE_...`), the YAML file, defaults.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from vedette.domain.errors import ConfigurationError
from vedette.node.home import Home, default_home


class RetentionSettings(BaseModel):
    """How long recordings and events are kept over all cameras; `None` limits are not applied.

    Attributes:
        max_disk_share: of the whole disk that our recordings may take; then they go, oldest first.
        max_age_days: of recordings.
        max_size_bytes: of all recordings together.
        event_max_age_days: of events with their snapshots.
        every_s: pause between two rounds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_disk_share: float | None = Field(default=0.9, gt=0, le=1)
    max_age_days: float | None = Field(default=None, gt=0, le=36500)
    max_size_bytes: int | None = Field(default=None, gt=0)
    event_max_age_days: float | None = Field(default=None, gt=0, le=36500)
    every_s: float = Field(default=60.0, ge=0.05, le=86400)


class DetectorSettings(BaseModel):
    """How detectors run.

    Attributes:
        model: catalogue name for cameras whose profile names none.
        engine: `onnxruntime` or `openvino` (an extra).
        providers: ONNX Runtime execution providers, best first.
        threads: sessions in the pool of one worker, each single-threaded; 0 means one per core.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(default="yolox_nano", max_length=120)
    engine: Literal["onnxruntime", "openvino"] = "onnxruntime"
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    threads: int = Field(default=0, ge=0, le=256)


class Settings(BaseSettings):
    """Everything that holds for the installation as a whole.

    Attributes:
        home: data, database and secrets live below it.
        host: address the server listens on.
        allowed_hosts: names under which the server may be asked for besides loopback.
        trusted_origins: `https://...` origins of a proxy in front of the server (for forms).
        secure_cookies: set when browsers reach the server by HTTPS only.
        database_url: `postgresql://user:password@host:port/name`; empty means SQLite below the home.
        workers: worker processes; 0 means one per four cores.
        models: folders that are searched for model files first (path list in `VEDETTE_MODELS`).
    """

    model_config = SettingsConfigDict(
        env_prefix="VEDETTE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: Path = Field(default_factory=default_home)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_origins: Annotated[tuple[str, ...], NoDecode] = ()
    secure_cookies: bool = False
    database_url: SecretStr = SecretStr("")
    workers: int = Field(default=0, ge=0, le=256)
    models: Annotated[tuple[Path, ...], NoDecode] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"
    detector: DetectorSettings = DetectorSettings()
    retention: RetentionSettings = RetentionSettings()

    @field_validator("allowed_hosts", "trusted_origins", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("models", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return _parts(value, os.pathsep)

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    def layout(self) -> Home:
        """Where things lie below the home."""
        return Home(self.home)

    def worker_names(self) -> tuple[str, ...]:
        """The ids of the worker processes: `worker-1`, `worker-2`, ..."""
        count = self.workers or max(1, (os.cpu_count() or 1) // 4)
        return tuple(f"worker-{number}" for number in range(1, count + 1))


def _parts(value: object, separator: str) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(separator) if part.strip()]


def load_settings(config: Path | None = None, **values: Any) -> Settings:
    """Read the settings from arguments, environment and YAML file.

    Args:
        config: the file; by default `VEDETTE_CONFIG`, else `vedette.yaml` in the home when there is one.
        values: settings that win over all others; those that are None are left out.

    Raises:
        ConfigurationError: an unknown name, a wrong value, or a file that cannot be read.
    """
    given = {name: value for name, value in values.items() if value is not None}
    path = config or _configured_file(given.get("home"))
    content = _read(path) if path else {}

    class Layered(Settings):
        @classmethod
        def settings_customise_sources(  # type: ignore[override]  # the sources arrive by name
            cls, settings_cls: type[BaseSettings], **sources: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            from_file = InitSettingsSource(settings_cls, init_kwargs=content)
            return sources["init_settings"], sources["env_settings"], from_file

    try:
        return Layered(**given)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, path), hint="See the settings reference.") from None


def _configured_file(home: Path | str | None) -> Path | None:
    if named := os.environ.get("VEDETTE_CONFIG"):
        return Path(named)
    path = Home(Path(home) if home else None).settings_file
    return path if path.exists() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"Cannot read the settings file {path}: {error}.") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not valid YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"{path} must hold names and values, one a line.", hint="Example: port: 8080"
        )
    return {str(name): value for name, value in content.items()}


def _explain(error: ValidationError, path: Path | None) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in problem["loc"])
        what = "is not a setting" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"{name}: {what}")
    where = f" ({path})" if path else ""
    return f"The settings{where} cannot be used: " + "; ".join(lines) + "."


_active: list[Settings] = []


def activate(settings: Settings) -> None:
    """Make these the settings that the process runs with."""
    _active[:] = [settings]


def active() -> Settings | None:
    """The settings that the process runs with, or None before `activate`."""
    return _active[0] if _active else None
