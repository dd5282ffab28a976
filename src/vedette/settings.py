"""The settings of an installation: one typed schema, from the environment and an optional `vedette.yaml`.

Cameras, zones and profiles are not settings: they live in the database and change while Vedette runs.
Precedence: arguments, environment (`VEDETTE_...`, then `VEDETTE_..._FILE`, then credentials), the YAML file,
defaults.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.sources.utils import parse_env_vars

from vedette.access import OidcSettings, SessionSettings
from vedette.domain.errors import ConfigurationError
from vedette.node.home import Home, default_home
from vedette.secrets.environment import settings_environment
from vedette.secrets.references import reveal


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


class LimitSettings(BaseModel):
    """What one request and one client may take.

    Attributes:
        body_bytes: largest body of a request.
        connections: open at one time, from everybody together.
        connections_per_client: open at one time from one address; trusted proxies are exempt.
        requests_per_s: from one address in the long run, ten times as many at once; loopback is exempt.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    connections: int = Field(default=1000, ge=8)
    connections_per_client: int = Field(default=100, ge=4)
    requests_per_s: float = Field(default=50.0, gt=0)


class BackupSettings(BaseModel):
    """Copies of database and configuration that are made without being asked for.

    Attributes:
        folder: where they lie; `backups` in the home when empty. Another disk is better.
        keep: how many daily ones stay; 0 makes none.
        before_upgrade: copy the database before it is brought to a newer form.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path | None = None
    keep: int = Field(default=7, ge=0, le=1000)
    before_upgrade: bool = True


class Settings(BaseSettings):
    """Everything that holds for the installation as a whole.

    A `SecretStr` may hold a reference (see `vedette.secrets.references`): read it by `reveal`.

    Attributes:
        home: data, database and secrets live below it.
        host: address the server listens on.
        allowed_hosts: names under which the server may be asked for besides loopback.
        trusted_origins: more `https://...` origins whose forms are taken.
        trusted_proxies: addresses and networks whose `X-Forwarded-...` headers are believed.
        public_url: address that people use, for links; its host is allowed and its origin trusted.
        push_services: hosts (or `http://host:port`) by which browsers may be told, besides the known ones.
        tls_cert: file of the certificate chain (PEM); with `tls_key` the server speaks HTTPS.
        tls_key: file of its private key (PEM).
        hsts_s: how long browsers shall insist on HTTPS once they have seen it; 0 does not ask them to.
        secure_cookies: cookies travel by HTTPS only; by default as soon as there is HTTPS.
        encryption_keys: keys for stored secrets instead of the file in the home; newest first, by commas.
        heartbeat_url: asked at intervals while all is well, so that somebody else notices when it is not.
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
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    public_url: str = ""
    push_services: Annotated[tuple[str, ...], NoDecode] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    hsts_s: int = Field(default=180 * 86400, ge=0)
    secure_cookies: bool | None = None
    encryption_keys: SecretStr = SecretStr("")
    heartbeat_url: SecretStr = SecretStr("")
    database_url: SecretStr = SecretStr("")
    workers: int = Field(default=0, ge=0, le=256)
    models: Annotated[tuple[Path, ...], NoDecode] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"
    detector: DetectorSettings = DetectorSettings()
    retention: RetentionSettings = RetentionSettings()
    limits: LimitSettings = LimitSettings()
    backup: BackupSettings = BackupSettings()
    sessions: SessionSettings = SessionSettings()
    oidc: OidcSettings = OidcSettings()

    @field_validator("allowed_hosts", "trusted_origins", "trusted_proxies", "push_services", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return _parts(value, ",")

    @field_validator("trusted_proxies", mode="after")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value

    @field_validator("public_url", mode="after")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/")):
            raise ValueError("It must look like https://cameras.example.org")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together; one of them is missing")
        return self

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

    @property
    def https(self) -> bool:
        """Whether people reach the server by HTTPS: its own, or that of a proxy."""
        return self.tls_cert is not None or self.public_url.startswith("https://")

    def reveal(self, name: str) -> str:
        """The value of a secret setting, fetched from where it lies.

        Raises:
            ConfigurationError: it cannot be read.
        """
        value: SecretStr = getattr(self, name)
        try:
            return reveal(value.get_secret_value())
        except ConfigurationError as error:
            raise ConfigurationError(f"{name}: {error.args[0]}", hint=error.hint) from None

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
            return sources["init_settings"], _Environment(settings_cls), from_file

    try:
        return Layered(**given)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, path), hint="See the settings reference.") from None


class _Environment(EnvSettingsSource):
    """Variables, the files they name, and credentials."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        found = settings_environment(self.settings_cls.model_fields)
        return parse_env_vars(found, ignore_empty=self.env_ignore_empty)


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
