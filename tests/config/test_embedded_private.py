"""The private pair that tests and benchmarks get."""

from pathlib import Path

import psycopg
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
