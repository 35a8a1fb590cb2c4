"""Web processes share few connections of the database, each for a transaction at a time (PgBouncer), and nobody sees
anything of anybody else's."""

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client

from config.connections import database_options
from operations.audit import because
from operations.models import ImportBatch, User
from operations.services.holds import holding, queue_for
from operations.services.import_previews import write_error_file
from tests.customer_files import a_bad_row, a_row, csv_file
from tests.customer_imports import checked
from tests.deploy.layout import a_folder, needs, pgbouncer
from tests.memberships.factories import an_annual_card, jd_plus_enterprise
from tests.operations.sign_in_stories import LOGIN, PASSWORD, a_person

pytestmark = [needs("pgbouncer"), pytest.mark.django_db(transaction=True)]

PEOPLE, CONNECTIONS = 12, 3
UPLOAD = "/admin/operations/importbatch/add/"


@pytest.fixture
def pool(settings: Any) -> Iterator[str]:
    """Django's connections go through a pool of three; those of other threads, too."""
    own = dict(connection.settings_dict)
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**own)
    with a_folder() as folder, pgbouncer(folder, address, pool_size=CONNECTIONS) as pooled:
        connection.close()
        port = pooled.rpartition(":")[2].partition("/")[0]
        options = database_options(pool="transaction", silence=20)
        connection.settings_dict.update(PORT=port, CONN_MAX_AGE=60, **options)
        settings.DATABASE_POOL = "transaction"
        yield pooled
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(own)


def each(do: Callable[[int], Any]) -> list[Any]:
    """What comes of it for each of the people, all at once, each with a connection of their own."""
    begin = threading.Barrier(PEOPLE)

    def work(number: int) -> Any:
        begin.wait(30)
        try:
            return do(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as threads:
        return list(threads.map(work, range(PEOPLE)))


def server_connections(address: str) -> int:
    """How many connections PgBouncer has to the database; asked of PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT numbackends FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def allowed(user: User) -> User:
    names = ("import_enterprisecustomer", "view_enterprisecustomer", "view_importbatch")
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return user


def test_twelve_people_work_at_the_desk_over_three_connections(pool: str) -> None:
    an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")
    for number in range(PEOPLE):
        allowed(a_person(f"operator{number}"))

    def a_morning(number: int) -> tuple[int, str]:
        desk = Client(headers={"accept-language": "en"})
        signed_in = desk.post(f"{LOGIN}?next=/admin/", {"username": f"operator{number}", "password": PASSWORD})
        assert signed_in.status_code == 302
        rows = [a_row(1000 * number + each) for each in range(1, 40)]
        file = SimpleUploadedFile(f"firms{number}.csv", csv_file([*rows, a_bad_row(1000 * number + 99)]))
        sent = desk.post(UPLOAD, {"importer": "enterprise-customers", "file": file, "invalid_rows": "skip"})
        assert sent.status_code == 302, sent.content[-2000:]
        assert desk.get("/admin/operations/importbatch/").status_code == 200
        assert desk.get("/admin/memberships/enterprisecustomer/").status_code == 200
        return desk.get(sent["location"]).status_code, sent["location"]

    assert [status for status, _where in each(a_morning)] == [200] * PEOPLE
    assert server_connections(pool) <= CONNECTIONS
    assert ImportBatch.objects.count() == PEOPLE
    # Everybody's own changes bear their own name in the trail, though they shared connections.
    for batch in ImportBatch.objects.select_related("uploaded_by"):
        assert batch.uploaded_by is not None and batch.file_name == f"firms{batch.uploaded_by.username[8:]}.csv"


def test_the_trail_names_who_it_was_although_connections_are_shared(pool: str) -> None:
    an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")
    people = [a_person(f"operator{number}") for number in range(PEOPLE)]

    def rename(number: int) -> None:
        for turn in range(5):
            with because(f"turn {turn}", actor=people[number]):
                people[number].last_name = f"{turn}"
                people[number].save(update_fields=["last_name"])

    each(rename)
    events = User._meta.get_field("audit_events").related_model._default_manager.filter(
        pgh_label="update", pgh_context__metadata__has_key="reason"
    )
    found = sorted((event.pgh_obj_id, event.pgh_context.metadata["user"]) for event in events)
    assert len(found) == 5 * PEOPLE and all(changed == by for changed, by in found)
    # And what is changed without saying why has no reason of somebody before.
    User.objects.filter(pk=people[0].pk).update(first_name="Mei")
    newest = User._meta.get_field("audit_events").related_model._default_manager.order_by("-pgh_id").first()
    assert newest.pgh_context_id is None


def test_locks_of_transactions_hold_and_those_of_sessions_are_refused(pool: str) -> None:
    inside: list[int] = []
    most: list[int] = []

    def one_at_a_time(number: int) -> None:
        with transaction.atomic():
            queue_for("the only chair")
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    each(one_at_a_time)
    assert len(most) == PEOPLE and max(most) == 1
    with pytest.raises(ImproperlyConfigured, match="DATABASE_POOL has to be"), holding("a lane"):
        pass


def test_a_long_error_file_needs_no_cursor(pool: str, settings: Any) -> None:
    an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")
    xiaomei = a_person()
    settings.DATABASE_POOL = "session"  # the worker's part
    batch = checked(csv_file(a_bad_row(number) for number in range(4500)), actor=xiaomei)
    settings.DATABASE_POOL = "transaction"
    out = io.BytesIO()
    write_error_file(batch, out, language="en")
    assert out.getvalue().count(b"\r\n") == 4501


def test_the_houses_clock_and_language_of_texts_are_each_clients_own(pool: str) -> None:
    """What Django sets when it connects (the zone) is kept for each client, whoever else uses the connection."""
    with psycopg.connect(pool, autocommit=True) as stranger:
        stranger.execute("SET TimeZone = 'America/New_York'")

        def zone(_number: int) -> Any:
            with connection.cursor() as cursor:
                cursor.execute("SHOW TimeZone")
                return cursor.fetchone()[0]

        assert set(each(zone)) == {"UTC"}
        assert stranger.execute("SHOW TimeZone").fetchone() == ("America/New_York",)
