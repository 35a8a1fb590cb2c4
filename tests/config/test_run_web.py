"""The web's port and its health."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from config.run import web


def test_a_taken_port_is_said_and_the_next_free_one_used(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = web.choose_port(str(port))
    assert chosen > port
    assert capsys.readouterr().err == f"Port {port} is taken; Plusdesk uses port {chosen} instead.\n"


@pytest.mark.parametrize("wanted", ["", "web", "0", "65536", "-1"])
def test_what_is_not_a_port_is_refused(wanted: str) -> None:
    with pytest.raises(SystemExit, match="is not a port"):
        web.choose_port(wanted)


@pytest.mark.parametrize("status", [200, 503])
def test_health_is_what_the_page_says(status: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/" else 404)
            self.end_headers()
            self.wfile.write(b"no worker answered")

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert web.health(server.server_port) == (status == 200, "no worker answered")


def test_nobody_there_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    is_healthy, answer = web.health(port)
    assert not is_healthy
    assert "refused" in answer
