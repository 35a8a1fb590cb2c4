"""The production as deploy/ lays it out, on this machine: nginx with TLS, gunicorn, PgBouncer, a worker and beat.

An operator signs in, uploads a list and sees it checked; the release is changed under a stream of requests; and what
all of them wrote into their logs can be read by programs and holds nothing of anybody.
"""

import http.client
import json
import os
import re
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import global_settings, settings
from django.contrib.auth.models import Permission

from config.embedded import processes
from operations.models import ImportBatch, JobRun
from operations.models.sign_in import SignInLock
from tests.conftest import PROJECT
from tests.customer_files import a_row, csv_file
from tests.deploy.layout import DEPLOY, a_folder, a_port, changed, needs, pgbouncer, program, running
from tests.memberships.factories import an_annual_card, jd_plus_enterprise
from tests.operations.sign_in_stories import PASSWORD, a_person

pytestmark = [needs("nginx", "pgbouncer"), pytest.mark.django_db(transaction=True)]

HOST = "desk.example.com"
ROWS = 30_000
#: The mobile of the first firm of the list, and what somebody types into the search.
SECRET_NUMBERS = ("13900000001", "13812345678")


Answer = tuple[int, Any, bytes]


class House(NamedTuple):
    """Where it is, and its parts."""

    port: int
    folder: Path
    web: "subprocess.Popen[bytes]"
    nginx: "subprocess.Popen[bytes]"
    environment: dict[str, str]

    def ask(self, method: str, path: str, body: bytes = b"", cookies: str = "", **headers: str) -> Answer:
        """One request through nginx, over TLS; status, headers and body."""
        trusted = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        asked = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=trusted)
        asked.sock = trusted.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), timeout=60), server_hostname=HOST
        )
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            ours = {"Host": HOST, "Cookie": cookies, "Referer": f"https://{HOST}/"}
            asked.request(method, path, body or None, ours | said)
            answer = asked.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            asked.close()

    def inside(self, path: str) -> int:
        """As a monitor on the host asks gunicorn, behind nginx."""
        with socket.socket(socket.AF_UNIX) as web:
            web.settimeout(20)
            web.connect(str(self.folder / "web.sock"))
            web.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            return int(web.recv(64).split()[1])


class Browser:
    """Keeps cookies, finds the token of a form."""

    def __init__(self, house: House) -> None:
        self.house, self.cookies = house, dict[str, str]()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        status, said, content = self.house.ask(method, path, body, sent, **headers)
        for line in said.get_all("Set-Cookie") or []:
            name, _equals, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return status, said, content

    def token(self, path: str) -> str:
        found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.ask("GET", path)[2])
        assert found is not None
        return found[1].decode()

    def sign_in(self, name: str) -> int:
        form = {"csrfmiddlewaretoken": self.token("/admin/login/"), "username": name, "password": PASSWORD}
        return self.ask("POST", "/admin/login/?next=/admin/", urlencode(form).encode(), **FORM)[0]

    def upload(self, content: bytes) -> Answer:
        path, edge = "/admin/operations/importbatch/add/", secrets.token_hex(8)
        fields = {"csrfmiddlewaretoken": self.token(path), "importer": "enterprise-customers", "invalid_rows": "refuse"}
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="firms.csv"\r\n\r\n'
        body = "".join(parts).encode() + head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        return self.ask("POST", path, body, Content_Type=f"multipart/form-data; boundary={edge}")


FORM = {"Content_Type": "application/x-www-form-urlencoded"}


def a_certificate(folder: Path) -> None:
    """For a day, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))


def nginx_settings(folder: Path, port: int) -> Path:
    """deploy/nginx/plusdesk.conf, on a port and in a folder of ours."""
    site = folder / "plusdesk.conf"
    site.write_text(changed(
        (DEPLOY / "nginx" / "plusdesk.conf").read_text(encoding="utf-8"),
        (r"listen 80;", f"listen 127.0.0.1:{a_port(28080)};"), (r"^ +listen \[::\]:80;$", ""),
        (r"listen 443 ", f"listen 127.0.0.1:{port} "), (r"^ +listen \[::\]:443 .*$", ""),
        (r"/etc/plusdesk/tls", str(folder)), (r"/var/log/nginx/plusdesk.log", str(folder / "nginx-access.log")),
        (r"/run/plusdesk/web.sock", str(folder / "web.sock")),
    ))
    whole = folder / "nginx.conf"
    places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    whole.write_text(
        f"worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log warn;\n"
        f"{'user root;' if os.geteuid() == 0 else ''} events {{}}\n"
        f"http {{ client_body_temp_path {folder}/body; {places} include {site}; }}\n"
    )
    return whole


def the_environment(folder: Path, server_environment: dict[str, str]) -> dict[str, str]:
    """That of deploy/environment/plusdesk.env.example, filled in."""
    example = (DEPLOY / "environment" / "plusdesk.env.example").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)
    filled = dict(re.findall(r"^([A-Z_]+)=(.+)$", example, re.MULTILINE)) | {
        "SECRET_KEY": secrets.token_urlsafe(48), "SECRETS_KEYS": b64encode(secrets.token_bytes(32)).decode(),
        "SECRETS_HASH_KEY": b64encode(secrets.token_bytes(32)).decode(), "PLUSDESK_DATA": str(folder / "data"),
        "UPLOADS_DIR": str(folder / "uploads"), "DRAIN_FILE": str(folder / "draining"),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        **{name: server_environment[name] for name in ("DATABASE_URL", "REDIS_URL")},
    }  # fmt: skip
    assert set(filled) <= set(names), "the test sets nothing that the example does not name"
    for place in ("data", "uploads", "metrics", "data/static"):
        (folder / place).mkdir()
    # What the shell around the tests says of their own house is not said here.
    ours = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUNBUFFERED": "1", "SECOND_FACTOR": "optional"}
    return ours | filled


@pytest.fixture
def house(server_environment: dict[str, str], settings: Any) -> Iterator[House]:
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS  # those of production
    with a_folder() as folder, ExitStack() as stack:
        environment = the_environment(folder, server_environment)
        pooled = stack.enter_context(pgbouncer(folder, environment["DATABASE_URL"], pool_size=4))
        web_environment = environment | {
            "DATABASE_URL": pooled, "DATABASE_POOL": "transaction", "WEB_PROCESSES": "2", "WEB_THREADS": "4",
            "WEB_BIND": f"unix:{folder}/web.sock",
        }
        static = subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput"], cwd=PROJECT, capture_output=True,
            env=environment | {"PLUSDESK_PRODUCTION": "0"},
        )
        assert static.returncode == 0, static.stderr

        def start(name: str, *command: str, **options: Any) -> "subprocess.Popen[bytes]":
            return stack.enter_context(running(list(command), log=folder / f"{name}.log", **options))

        celery = (sys.executable, "-m", "celery", "-A", "config", "--quiet")
        configuration = str(DEPLOY / "gunicorn.conf.py")
        gunicorn = (sys.executable, "-m", "gunicorn", "--config", configuration)
        web = start("web", *gunicorn, only=web_environment)
        start("worker", *celery, "worker", "--concurrency=1", "--without-gossip", "--without-mingle", "--loglevel=INFO",
              # Of the account plusdesk, whose the unit is, Celery has nothing to say; here it may be root's.
              only=environment | {"PYTHONWARNINGS": "ignore::UserWarning"})
        start("beat", *celery, "beat", "--loglevel=INFO", f"--schedule={folder}/beat", "--pidfile=", only=environment)
        port = a_port(28443)
        a_certificate(folder)
        nginx = start("nginx", program("nginx"), "-c", str(nginx_settings(folder, port)), "-p", str(folder))
        house = House(port, folder, web, nginx, web_environment)
        is_ready = processes.wait_until(lambda: answers(house, "/health/ready/"), seconds=60, step=0.2)
        assert is_ready, log_of(house, "web")
        yield house


def answers(house: House, path: str) -> bool:
    try:
        return house.inside(path) == 200
    except (OSError, IndexError):
        return False


def log_of(house: House, name: str) -> str:
    return (house.folder / f"{name}.log").read_text(errors="replace")


def test_production_as_it_is_laid_out(house: House) -> None:
    an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")
    names = ("import_enterprisecustomer", "view_enterprisecustomer", "view_member", "view_importbatch")
    a_person("xiaomei").user_permissions.add(*Permission.objects.filter(codename__in=names))
    browser = Browser(house)

    what_is_not_public_is_not(house)
    assert browser.sign_in("xiaomei") == 302
    an_upload_of_megabytes_is_checked(browser)
    the_client_is_who_nginx_heard(house)
    a_search_leaves_nothing(browser)
    a_release_is_changed_without_a_failure(house, browser)
    a_host_is_drained_and_ends_what_it_is_at(house)
    logs_are_read_by_programs_and_hold_nothing_of_anybody(house)


def what_is_not_public_is_not(house: House) -> None:
    assert house.ask("GET", "/metrics")[0] == house.ask("GET", "/metrics/")[0] == 404
    assert house.ask("GET", "/health/")[0] in (200, 503)  # this test asks from the host itself
    site = (house.folder / "plusdesk.conf").read_text()
    assert re.search(r"location /health/ \{\s+allow 127.0.0.1;\s+allow ::1;\s+#[^\n]+\s+deny all;", site)
    status, said, body = house.ask("GET", "/admin/login/")
    assert status == 200 and "max-age" in said["strict-transport-security"]
    assert "Secure" in said["set-cookie"]
    # What the page is drawn with comes along, under names that say what is in it, so that browsers keep it.
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', body.decode())
    assert assets
    for asset in assets:
        status, said, _body = house.ask("GET", asset)
        assert status == 200 and "immutable" in said["cache-control"], asset


def an_upload_of_megabytes_is_checked(browser: Browser) -> None:
    content = csv_file(a_row(number) for number in range(1, ROWS + 1))
    assert len(content) > 3_000_000
    status, said, body = browser.upload(content)
    assert status == 302, body[-2000:]
    batch = ImportBatch.objects.get()
    assert processes.wait_until(lambda: ImportBatch.objects.get().state == "checked", seconds=60, step=0.2)
    assert browser.ask("GET", said["location"])[0] == 200 and ImportBatch.objects.get().new == ROWS
    assert batch.check_run_id is not None
    # nginx takes what the desk takes, and a little more for the form around it; the rest it refuses before it is there.
    site = (browser.house.folder / "plusdesk.conf").read_text()
    limit = re.search(r"importbatch/add/ \{\s+client_max_body_size (\d+)m;", site)
    assert limit is not None
    megabytes = int(limit[1])
    assert 0 < megabytes * 2**20 - settings.IMPORT_FILE_MAX_BYTES <= 2 * 2**20
    for path, size in (("/admin/operations/importbatch/add/", megabytes), ("/admin/login/", 12)):
        assert browser.ask("POST", path, Content_Length=str(size * 2**20 + 1), **FORM)[0] == 413


def the_client_is_who_nginx_heard(house: House) -> None:
    """What a client says of its own address is not believed: the lock would be somebody else's."""
    browser = Browser(house)
    form = {"csrfmiddlewaretoken": browser.token("/admin/login/"), "username": "xiaomei", "password": "wrong"}
    status, _said, _body = browser.ask(
        "POST", "/admin/login/", urlencode(form).encode(), X_Forwarded_For="203.0.113.9", **FORM
    )
    assert status == 200
    assert [lock.address for lock in SignInLock.objects.filter(kind=SignInLock.Kind.ADDRESS)] == ["127.0.0.1"]


def a_search_leaves_nothing(browser: Browser) -> None:
    assert browser.ask("GET", f"/admin/memberships/member/?q={SECRET_NUMBERS[1]}")[0] == 200


def a_release_is_changed_without_a_failure(house: House, browser: Browser) -> None:
    """gunicorn and nginx take up what is new, twice, under a stream of requests: not one fails."""
    failed: list[Any] = []
    done: list[int] = []
    ended = threading.Event()

    def stream() -> None:
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        while not ended.is_set():
            try:
                status, _said, _body = house.ask("GET", "/admin/operations/importbatch/", cookies=cookies)
            except OSError as error:
                failed.append(error)
            else:
                (done if status == 200 else failed).append(status)

    threads = [threading.Thread(target=stream) for _number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for changed_now in (house.web, house.nginx, house.web, house.nginx):
            old = children(changed_now)
            changed_now.send_signal(signal.SIGHUP)
            assert processes.wait_until(
                lambda one=changed_now, gone=old: children(one) and not (children(one) & gone), seconds=40
            ), "the old ones stay"
        so_far = len(done)
        assert processes.wait_until(lambda: failed or len(done) > so_far + 20, seconds=30)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert failed == [] and answers(house, "/health/live/")


def children(web: "subprocess.Popen[bytes]") -> set[int]:
    return {int(pid) for pid in Path(f"/proc/{web.pid}/task/{web.pid}/children").read_text().split()}


def a_host_is_drained_and_ends_what_it_is_at(house: House) -> None:
    """As the unit's ExecStop does: first the balancer hears of it, then requests under way are ended."""
    (house.folder / "draining").touch()
    assert house.inside("/health/ready/") == 503 and house.inside("/health/live/") == 200
    assert house.ask("GET", "/admin/login/")[0] == 200
    answered: list[int] = []

    def ask() -> None:
        answered.append(house.ask("GET", "/admin/login/")[0])

    threads = [threading.Thread(target=ask) for _number in range(6)]
    for thread in threads:
        thread.start()
    assert processes.wait_until(lambda: bool(answered), seconds=20, step=0.001)
    house.web.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert house.web.wait(70) == 0
    # Who had come in is answered; who came after meets nginx, which says that nobody is there.
    assert set(answered) <= {200, 502} and answered.count(200) >= 1


def logs_are_read_by_programs_and_hold_nothing_of_anybody(house: House) -> None:
    run = JobRun.objects.get(job="check_import")
    by_name: dict[str, list[dict[str, Any]]] = {}
    for name in ("web", "worker", "beat"):
        strange = [line for line in log_of(house, name).splitlines() if not line.startswith('{"')]
        assert strange == [], f"{name} says what no program reads"
        by_name[name] = list(map(json.loads, log_of(house, name).splitlines()))
    for name, lines in by_name.items():
        assert lines, f"{name} says nothing"
        assert all({"timestamp", "level", "event"} <= set(line) for line in lines)
    requests = [line for line in by_name["web"] if line["event"] == "request_finished"]
    assert len(requests) > 20 and all(line["request_id"] for line in requests)
    upload = next(line for line in requests if line["request"].startswith("POST /admin/operations/importbatch/add/"))
    assert upload["request_id"] == run.request_id and upload["user_id"]
    # From the click to the worker's last word about it: the same request, the same run.
    for name, event in (("web", "run_made"), ("worker", "run_ended")):
        said = [line for line in by_name[name] if line["event"] == event and line["run"] == run.pk]
        assert [(line["job"], line["request_id"]) for line in said] == [("check_import", run.request_id)]
    assert run.request_id in {json.loads(line)["request_id"] for line in log_of(house, "nginx-access").splitlines()}
    text = "".join(log_of(house, name) for name in ("web", "worker", "beat", "nginx-access", "nginx-error"))
    for secret in (*SECRET_NUMBERS, PASSWORD, house.environment["SECRET_KEY"], "csrfmiddlewaretoken"):
        assert secret not in text
