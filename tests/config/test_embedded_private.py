"""The private pair that tests and benchmarks get."""

import stat
from pathlib import Path

import psycopg
import pytest
import redis

from config.embedded import private_servers, processes


def test_durable_data_survives_a_crash_of_postgresql(tmp_path: Path) -> None:
    with private_servers(tmp_path / "pair", durable=True) as pair:
        with psycopg.connect(pair.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
            idle = psycopg.connect(pair.database_url)
        before = pair.postgres_pid
        pair.kill_postgres()
        assert processes.command_line(before) == []
        idle.close()
        pair.start_postgres()
        assert pair.postgres_pid != before
        with psycopg.connect(pair.database_url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
        pids = [pair.postgres_pid, pair.valkey.pid() or 0]
        assert redis.Redis.from_url(pair.redis_url).ping()
    assert [processes.command_line(pid) for pid in pids] == [[], []]


def test_two_pairs_stand_side_by_side(tmp_path: Path) -> None:
    with private_servers(tmp_path / "one") as one, private_servers(tmp_path / "two") as two:
        assert one.database_url != two.database_url
        assert redis.Redis.from_url(one.redis_url).set("mine", 1)
        assert redis.Redis.from_url(two.redis_url).get("mine") is None
        with psycopg.connect(two.database_url) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("off",)


def test_logs_hold_no_rows_and_are_for_their_owner_only(tmp_path: Path) -> None:
    with private_servers(tmp_path / "pair") as pair:
        with psycopg.connect(pair.database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE people (mobile text PRIMARY KEY)")
            for _ in range(2):
                try:
                    connection.execute("INSERT INTO people VALUES (%s)", ["13812345678"])
                except psycopg.errors.UniqueViolation:
                    continue
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO people VALUES ('13812345678')")
        logs = [pair.postgres.log, pair.valkey.log]
        assert [stat.S_IMODE(log.stat().st_mode) for log in logs] == [0o600, 0o600]
        written = pair.postgres.log.read_text()
        assert "duplicate key" in written and "13812345678" not in written


def test_a_log_left_open_to_all_is_closed(tmp_path: Path) -> None:
    log = tmp_path / "old.log"
    log.touch(mode=0o644)
    with processes._opened_log(log) as output:
        output.write(b"new")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
