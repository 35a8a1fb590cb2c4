"""The tests' databases: migrated once a run, copied for every process, emptied after each transactional test."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

from config.embedded.accounts import server_account
from config.embedded.paths import programs
from config.embedded.processes import end_with_parent

PROJECT = Path(__file__).resolve().parent.parent
MIGRATED = "plusdesk_migrated"
#: Its first copy; a database that somebody reads cannot be copied by others.
READ = "plusdesk_read"

#: A table of more bytes is truncated; making its files anew costs more than deleting a few rows.
LITTLE = 128 * 1024


def make_migrated() -> None:
    """Make the database that the others are copies of, unless it is there; waits for whoever is making it."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(1)")
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [MIGRATED]).fetchone():
            return
        # What is half made is of a process that was ended.
        for name in (MIGRATED, READ):
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(MIGRATED)))
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--verbosity=0"], cwd=PROJECT, check=True,
            env=os.environ | {"DATABASE_URL": url_of(MIGRATED), "DJANGO_SETTINGS_MODULE": "config.settings"},
            preexec_fn=partial(end_with_parent, signal.SIGTERM),
        )
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(READ), sql.Identifier(MIGRATED))
        )
        server.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(MIGRATED)))


def copy_to(address: str) -> None:
    """Bring an empty database on another server to where the migrations would bring it."""
    load(dumped(), address)


def dumped() -> bytes:
    """What the migrations make, as text of SQL."""
    make_migrated()
    folder = programs(server_account(PROJECT)).postgres_bin
    return subprocess.run([folder / "pg_dump", url_of(READ)], check=True, capture_output=True).stdout


def load(dump: bytes, address: str) -> None:
    """Fill an empty database with what `dumped` gave."""
    folder = programs(server_account(PROJECT)).postgres_bin
    subprocess.run(
        [folder / "psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--output=/dev/null", address],
        input=dump, check=True,
    )


def url_of(name: str) -> str:
    """The address of a database on the run's server."""
    server, _slash, _name = os.environ["DATABASE_URL"].rpartition("/")
    return f"{server}/{name}"


# --- emptying one


def remember_shipped() -> None:
    """Keep copies of the rows that the migrations left, and write the function that goes back to just them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        tables = sorted(name for (name,) in cursor.fetchall())
        cursor.execute("CREATE SCHEMA shipped")
        emptied, restored, new = [], [], []
        for table in tables:
            names = {"table": sql.Identifier("public", table), "copy": sql.Identifier("shipped", table)}
            cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {table})").format(**names))
            if cursor.fetchone() == (True,):
                cursor.execute(sql.SQL("CREATE TABLE {copy} AS TABLE {table}").format(**names))
                restored.append(sql.SQL(RESTORED).format(**names))
            else:
                name = sql.Literal(f"public.{table}")
                emptied.append(sql.SQL(EMPTIED).format(**names, name=name, little=sql.Literal(LITTLE)))
                new.append(sql.Identifier("public", table))
        # A table that is truncated may take with it what refers to it.
        steps = sql.SQL("").join([*emptied, *restored])
        cursor.execute(sql.SQL(GO_BACK).format(steps=steps))
        cursor.execute(sql.SQL(RENEW).format(tables=sql.SQL(", ").join(new)))


def empty() -> None:
    """Take away what a test committed: every table holds what the migrations left, and no more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT shipped.go_back()")


def renew() -> None:
    """Give the tables that were empty at first new files and no statistics, until the transaction is rolled back.

    The planner goes by the size of a file and by statistics, and both outlive the rollback of an earlier test. A test
    that commits begins with what the migrations left, too: what refers to a table that is truncated goes with it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT shipped.renew()")
    if not connection.in_atomic_block:
        empty()


#: No trigger of ours and no foreign key is asked: some tables only grow, and all of them are emptied.
GO_BACK = """
CREATE FUNCTION shipped.go_back() RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    SET LOCAL session_replication_role = replica;
    {steps}
    -- What was true of the rows of one test would mislead the planner in the next.
    DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace);
END
$function$
"""
RENEW = """
CREATE FUNCTION shipped.renew() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $function$
BEGIN
    TRUNCATE {tables} CASCADE;
    PERFORM set_config('plusdesk.new_tables', 'yes', true);
    DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace);
END
$function$
"""
#: The lock waits for what a killed process has left under way. Rows that a test rolled back leave a large file, too.
EMPTIED = """
    IF pg_relation_size({name}) > {little} THEN
        LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;
        TRUNCATE {table} CASCADE;
    ELSIF EXISTS (SELECT FROM {table}) THEN
        LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;
        DELETE FROM {table};
    END IF;
"""
RESTORED = """
    IF EXISTS ((TABLE {table} EXCEPT ALL TABLE {copy}) UNION ALL (TABLE {copy} EXCEPT ALL TABLE {table})) THEN
        LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;
        DELETE FROM {table};
        INSERT INTO {table} TABLE {copy};
    END IF;
"""
