"""What README and docs say is so: commands parse, names exist, links lead somewhere, examples work."""

import ast
import contextlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import typer
import yaml
from pydantic import BaseModel

from vedette.cli.analyze import EventLine
from vedette.cli.app import app
from vedette.domain import camera as domain
from vedette.domain import messages
from vedette.recording.check import FindingKind
from vedette.server.api import schemas
from vedette.server.api.app import api
from vedette.server.cameras.configuration import apply_config
from vedette.server.cameras.service import CAMERA_FIELDS, PROFILE_FIELDS, ZONE_FIELDS
from vedette.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "vedette"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
REFERENCE = ROOT / "docs" / "reference"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_NEVER_EXPORTED = {"node/supervisor.py", "recording/disk.py"}

page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def _blocks(path: Path, *languages: str) -> Iterator[str]:
    for language, text in _FENCE.findall(path.read_text(encoding="utf-8")):
        if language in languages:
            yield text


def _prose(path: Path) -> str:
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def _shell_lines(path: Path) -> Iterator[list[str]]:
    """The words of every command a reader would type, without pipes, redirections and environment."""
    for text in _blocks(path, "console"):
        for line in text.replace("\\\n", " ").splitlines():
            if line.startswith("$ "):
                yield from _commands(line[2:])
    for text in _blocks(path, "ini"):
        yield from (line.partition("=")[2].split() for line in text.splitlines() if line.startswith("Exec"))


def _commands(line: str) -> Iterator[list[str]]:
    for part in re.split(r"&&|\|\|?|;", re.sub(r"\w+=\$\((.*)\)$", r"\1", line)):
        words = shlex.split(re.sub(r"2?>\s*\S+|<\s*\S+", "", part), comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*|sudo|-u|exec", words[0]):
            del words[: 2 if words[0] == "-u" else 1]
        if words:
            yield words


def _parse(words: list[str]) -> None:
    """Parse a command line as the program would, without running it."""
    command: Any = typer.main.get_command(app)
    arguments = words[1:]
    while hasattr(command, "commands") and arguments and not arguments[0].startswith("-"):
        command = command.commands[arguments.pop(0)]
    with contextlib.suppress(typer.Exit):  # --help and --version say what they say and leave
        command.make_context(command.name, arguments)


def _all_commands(group: Any = None, *above: str) -> Iterator[tuple[str, Any]]:
    """Every command with its full name."""
    within: Any = typer.main.get_command(app) if group is None else group
    for name, command in within.commands.items():
        if hasattr(command, "commands"):
            yield from _all_commands(command, *above, name)
        else:
            yield " ".join(("vedette", *above, name)), command


# -- commands -------------------------------------------------------------------------------------


@page
def test_every_command_in_a_console_block_parses(path: Path) -> None:
    """A reader who copies a `vedette` command line gets no usage error."""
    for words in _shell_lines(path):
        if Path(words[0]).name == "vedette":
            _parse(words)


@page
def test_every_make_target_exists(path: Path) -> None:
    """`make NAME VARIABLE=...` in the docs is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    inline = [
        words
        for text in _INLINE.findall(_prose(path))
        if text.startswith("make ")
        for words in _commands(text)
    ]
    for words in [*_shell_lines(path), *inline]:
        if words[0] != "make":
            continue
        for word in words[1:]:
            name, is_variable, _ = word.partition("=")
            pattern = rf"^{name} \?=" if is_variable else rf"^{name}:"
            assert re.search(pattern, makefile, re.MULTILINE), f"{path}: make {word}"


@page
def test_commands_named_in_prose_exist(path: Path) -> None:
    """`vedette models pull` in a sentence is a command."""
    known = [name for name, _ in _all_commands()]
    groups = {name.rsplit(" ", 1)[0] for name in known}
    for text in _INLINE.findall(_prose(path)):
        words = text.split()
        if words[0] != "vedette" or len(words) < 2 or not words[1].isalpha() or not words[1].islower():
            continue
        two, three = " ".join(words[:2]), " ".join(words[:3])
        assert two in known or two in groups, f"{path}: {text}"
        if two in groups and two not in known and len(words) > 2:
            assert three in known, f"{path}: {text}"


def test_the_command_reference_is_complete() -> None:
    """Every command and every option is in its section of the command reference."""
    text = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    sections = {part.split("`", 1)[0]: part for part in re.split(r"^## `", text, flags=re.MULTILINE)[1:]}
    for name, command in _all_commands():
        section = sections[" ".join(name.split()[:2])]
        assert name in section or name in sections, name
        options = [flag for option in command.params for flag in option.opts if flag.startswith("--")]
        missing = [flag for flag in options if flag != "--help" and flag not in section]
        assert not missing, f"{name}: {missing}"


# -- settings, fields, messages ---------------------------------------------------------------------


def _settings(model: type[BaseModel], *above: str) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _settings(kind, *above, name)
        else:
            yield ".".join((*above, name)), field.get_default(call_default_factory=True)


def _rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables by their first cell, without the backquotes."""
    rows = [
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for line in text.splitlines()
        if line[:1] == "|"
    ]
    return {row[0].strip("`"): row for row in rows}


def _shown(name: str, default: Any) -> str:
    if name == "home":
        return "`~/.local/share/vedette`"
    if default is None:
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple) and default:
        return f"`{msgspec.json.encode(default).decode()}`"
    text = (
        default.get_secret_value()
        if hasattr(default, "get_secret_value")
        else str(default or "0"[: default == 0])
    )
    return f"`{text}`" if text and default != () else "empty"


def test_the_settings_reference_is_the_schema() -> None:
    """Name, variable and default of every setting stand in the reference, and no others."""
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    rows = {name: row for name, row in _rows(text).items() if len(row) > 1 and row[1].startswith("`VEDETTE_")}
    expected = dict(_settings(Settings))
    assert rows.keys() == expected.keys()
    for name, default in expected.items():
        variable = "VEDETTE_" + name.upper().replace(".", "__")
        assert rows[name][1:3] == [f"`{variable}`", _shown(name, default)]


@cache
def _code() -> str:
    files = [file for folder in (SOURCE, ROOT / "tests") for file in folder.rglob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@page
def test_environment_variables_are_read_somewhere(path: Path) -> None:
    """A `VEDETTE_...` variable in the docs is a setting, or is read by name."""
    settings = {"VEDETTE_" + name.upper().replace(".", "__") for name, _ in _settings(Settings)}
    code = _code()
    for variable in set(re.findall(r"\bVEDETTE_[A-Z_]+\b", path.read_text(encoding="utf-8"))) - settings:
        assert f'"{variable}"' in code, f"{path}: {variable}"


@page
@pytest.mark.django_db
def test_yaml_examples_are_accepted(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """YAML in the docs is a settings file or a configuration, and is accepted as such."""
    for variable in ("GATE_PASSWORD", "VEDETTE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    for text in _blocks(path, "yaml"):
        names = (yaml.safe_load(text) or {}).keys()
        if "scrape_configs" in names:
            continue
        if names <= {"cameras", "profiles"}:
            assert apply_config(text, dry_run=True)
        else:
            file = tmp_path / "vedette.yaml"
            file.write_text(text, encoding="utf-8")
            assert load_settings(file)


def test_the_rest_reference_names_every_field() -> None:
    """Fields of cameras, profiles and zones stand in the REST reference with the defaults of the domain."""
    text = (REFERENCE / "rest.md").read_text(encoding="utf-8")
    for field in (
        {*CAMERA_FIELDS, *PROFILE_FIELDS, *ZONE_FIELDS, *schemas.EventOut.model_fields} - {"name"}
    ) - {*schemas.EventOut.model_fields}:
        assert f"`{field}`" in text, field
    profile = {field.name: field.default for field in msgspec.structs.fields(domain.Profile)}
    for name, row in _rows(text).items():
        if name in profile and isinstance(profile[name], bool | float | int):
            assert row[1] == _shown(name, profile[name]), name


def test_the_event_reference_names_every_field() -> None:
    """Every field that REST or `vedette analyze` gives stands in the event reference."""
    text = (REFERENCE / "events.md").read_text(encoding="utf-8")
    for field in [*schemas.EventDetail.model_fields, *(f.name for f in msgspec.structs.fields(EventLine))]:
        assert f"`{field}`" in text, field


def test_the_message_reference_names_every_field() -> None:
    """Every message with its tag and its fields stands in its section."""
    text = (REFERENCE / "messages.md").read_text(encoding="utf-8")
    for message in (*get_args(messages.AnyMessage), messages.CameraReport):
        name = message.__name__
        section = text if name == "CameraReport" else _section_of(text, f"`{name}`")
        assert name == "CameraReport" or f"`{message.__struct_config__.tag}`" in text
        for field in (field.name for field in msgspec.structs.fields(message)):
            assert field == "v" or f"`{field}`" in section, f"{name}.{field}"


def _section_of(text: str, title: str) -> str:
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    return next(section for section in sections if title in section.splitlines()[0])


def test_check_findings_are_listed() -> None:
    """What `vedette check` may say stands in the reference."""
    text = (REFERENCE / "files-on-disk.md").read_text(encoding="utf-8")
    for kind in [*FindingKind, "orphan_picture", "missing_picture"]:
        assert f"`{kind}`" in text


# -- addresses and metrics --------------------------------------------------------------------------


@cache
def _operations() -> set[tuple[str, str]]:
    paths = api.get_openapi_schema()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_the_rest_reference_is_the_interface() -> None:
    """The reference lists every operation of the OpenAPI description, and no other."""
    text = (REFERENCE / "rest.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([A-Z]+) (/\S+)` \|", text, re.MULTILINE)
    assert set(listed) - {("GET", "/metrics")} == _operations()


@page
def test_every_address_exists(path: Path) -> None:
    """Addresses of the interface that the docs use are there."""
    known = [re.sub(r"\{\w+\}", "[^/]+", address) for _, address in _operations()]
    known += [r"/api/v1", r"/api/v1/docs", r"/api/v1/openapi\.json", r"/api/v1/live/socket"]
    for address in re.findall(r"/api/v1[\w/{}.-]*", path.read_text(encoding="utf-8")):
        assert any(re.fullmatch(one, address.rstrip("/.")) for one in known), f"{path}: {address}"


@cache
def _names_in_source() -> set[str]:
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in SOURCE.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {node.value for node in nodes if isinstance(node.value, str)}


def _counted() -> set[str]:
    """Names that are counted by name in what runs under `vedette run`."""
    found: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        where = file.relative_to(SOURCE)
        if where.parts[0] != "testing" and str(where) not in _NEVER_EXPORTED:
            found |= set(re.findall(r'counters\["([a-z_]+)"\] \+=', file.read_text(encoding="utf-8")))
    return found


@page
def test_every_metric_exists(path: Path) -> None:
    """A metric in the docs is a name in the source."""
    names = _names_in_source() | {f"events_{phase}" for phase in ("start", "update", "end")}
    for metric in re.findall(r"`vedette_([a-z_]+)`", path.read_text(encoding="utf-8")):
        assert metric.removesuffix("_total") in names, f"{path}: vedette_{metric}"


def test_the_metrics_reference_is_complete() -> None:
    """Every counter that can reach /metrics stands in the reference."""
    text = (REFERENCE / "metrics.md").read_text(encoding="utf-8")
    assert not [name for name in sorted(_counted()) if f"`vedette_{name}_total`" not in text]


def test_health_codes_are_listed() -> None:
    """Every code that /api/v1/health may give stands in the reference."""
    text = (REFERENCE / "rest.md").read_text(encoding="utf-8")
    code = (SOURCE / "server" / "nodes" / "kinds.py").read_text(encoding="utf-8")
    names = re.findall(r'^    "(\w+)": Kind\(', code, re.MULTILINE)
    assert "camera_silent" in names
    for name in names:
        assert f"`{name}`" in text, name


# -- links and files --------------------------------------------------------------------------------


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@page
def test_links_resolve(path: Path) -> None:
    """Links between pages lead to a file, and to a heading where they name one."""
    for target in _LINK.findall(_prose(path)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path}: {target}"
        assert not anchor or anchor in _anchors(file), f"{path}: {target}"


@page
def test_named_files_exist(path: Path) -> None:
    """Paths of the repository that the docs name are there."""
    for text in _INLINE.findall(_prose(path)):
        if re.fullmatch(r"(src|docs|tests|benchmarks|scripts)/[\w./-]+", text):
            assert (ROOT / text).exists() or text == "benchmarks/results/", f"{path}: {text}"


def test_every_page_is_reached_from_the_readme() -> None:
    """No page of the docs lies where nobody finds it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "docs").rglob("*.md"):
        place = path.relative_to(ROOT).as_posix()
        assert f"({place})" in readme or place.startswith("docs/decisions/"), place


def test_decisions_are_short_and_say_why() -> None:
    """Ten to thirty lines each, with context, decision and consequences."""
    notes = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert len({note.name[:4] for note in notes}) == len(notes)
    for note in notes:
        text = note.read_text(encoding="utf-8")
        assert 10 <= len(text.splitlines()) <= 30, note.name
        for title in ("## Context", "## Decision", "## Consequences"):
            assert title in text, f"{note.name}: {title}"
