"""Copies of the SQLite file while it is written, putting one in place, and keys that a password seals."""

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from vedette.domain.errors import ConfigurationError, StorageError
from vedette.server.backup.keys import put_keys, read_keys, seal, unseal
from vedette.server.backup.sqlite import check_database, copy_database, migrations, put_in_place


def test_a_copy_is_of_one_moment(tmp_path: Path) -> None:
    """While money moves between accounts all the time, no copy loses or makes any, and each ends."""
    source = tmp_path / "source.sqlite3"
    with closing(sqlite3.connect(source)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE account (id integer PRIMARY KEY, money integer, filler text)")
        rows = [(number, 100, "x" * 3000) for number in range(4000)]
        database.executemany("INSERT INTO account VALUES (?, ?, ?)", rows)
        database.commit()
    stop, moves = threading.Event(), [0]

    def move() -> None:
        with closing(sqlite3.connect(source, isolation_level=None, timeout=10)) as writer:
            while not stop.is_set():
                one, other = moves[0] * 7 % 4000, moves[0] * 13 % 4000
                writer.execute("BEGIN IMMEDIATE")
                writer.execute("UPDATE account SET money = money - 1 WHERE id = ?", [one])
                writer.execute("UPDATE account SET money = money + 1 WHERE id = ?", [other])
                writer.execute("COMMIT")
                moves[0] += 1

    thread = threading.Thread(target=move)
    thread.start()
    shares: list[float] = []
    try:
        for number in range(3):
            before = moves[0]
            copy_database(source, tmp_path / f"copy-{number}", shares.append)
            check_database(tmp_path / f"copy-{number}")
            with closing(sqlite3.connect(tmp_path / f"copy-{number}")) as copy:
                assert copy.execute("SELECT sum(money), count(*) FROM account").fetchone() == (400_000, 4000)
            while moves[0] == before:
                stop.wait(0.001)
    finally:
        stop.set()
        thread.join()
    assert shares[-1] == 1.0
    assert shares == sorted(shares[: len(shares) // 3]) * 3


def made(path: Path, table: str) -> Path:
    """A database of Vedette, more or less."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(f"CREATE TABLE {table} (x)")
        database.execute("CREATE TABLE django_migrations (id integer PRIMARY KEY, app text, name text)")
        database.execute("INSERT INTO django_migrations (app, name) VALUES ('a', '0001')")
        database.commit()
    return path


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_schema")}


def test_a_database_is_replaced_at_once(tmp_path: Path) -> None:
    """The old one is kept, the new one is for this user only."""
    database, aside = made(tmp_path / "database", "old"), tmp_path / "aside"
    assert put_in_place(made(tmp_path / "staged", "new"), database, aside)
    assert ("new" in tables(database), "old" in tables(aside)) == (True, True)
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert migrations(database) == ("a.0001",)


def test_a_damaged_database_is_replaced_too(tmp_path: Path) -> None:
    """Its log must not spoil the new one; it is kept for those who save what can be saved."""
    database, aside = tmp_path / "database", tmp_path / "aside"
    database.write_bytes(b"damaged" * 1000)
    (tmp_path / "database-wal").write_bytes(b"damaged")
    with pytest.raises(StorageError):
        check_database(database)
    assert put_in_place(made(tmp_path / "staged", "new"), database, aside)
    check_database(database)
    assert aside.read_bytes().startswith(b"damaged")
    assert not (tmp_path / "database-wal").exists()


def test_a_new_home_has_nothing_to_keep(tmp_path: Path) -> None:
    """An empty file is no database, nor is none."""
    database = tmp_path / "database"
    database.touch()
    assert not put_in_place(made(tmp_path / "staged", "new"), database, tmp_path / "aside")
    assert {path.name for path in tmp_path.iterdir()} == {"database"}


def test_keys_open_with_their_password_only(tmp_path: Path) -> None:
    """Another password, or a file that somebody changed, opens nothing; a short one is not taken."""
    sealed = seal({"fernet.key": "new"}, "correct horse")
    assert unseal(sealed, "correct horse") == {"fernet.key": "new"}
    assert b"new" not in sealed
    greedy = msgspec.json.encode(msgspec.json.decode(sealed) | {"cost": 2**30})
    for content, password in (
        (sealed, "wrong horse"),
        (sealed[:-40], "correct horse"),
        (greedy, "correct horse"),
    ):
        with pytest.raises(ConfigurationError, match="does not open"):
            unseal(content, password)
    with pytest.raises(ConfigurationError, match="at least 8"):
        seal({}, "short")


def test_restored_keys_join_those_that_are_there(tmp_path: Path) -> None:
    """Both databases can be read then; restoring twice changes nothing more."""
    (tmp_path / "fernet.key").write_text("old")
    for _ in range(2):
        put_keys(tmp_path, {"fernet.key": "new", "django.key": "signs", "../x.key": "", "/x.key": ""})
    assert (tmp_path / "fernet.key").read_text().split() == ["new", "old"]
    assert read_keys(tmp_path) == {"fernet.key": "new\nold", "django.key": "signs"}
