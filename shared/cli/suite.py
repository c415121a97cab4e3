"""`kehou up`: the four services at once, on an embedded PostgreSQL and loopback, or on what the settings name."""

import json
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import click
from werkzeug import Response
from werkzeug.exceptions import NotFound

from shared.cli import needs, tokens
from shared.cli.serving import Opened, WebServer, log_to_stderr
from shared.migrations import migrate
from shared.runtime import SERVICES, Suite, gateway
from shared.settings import Settings
from shared.web.issuer import DevelopmentIssuer
from shared.web.tokens import KeySource


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, help="0 takes a free one.")
@click.option("--ready-file", type=click.Path(dir_okay=False, path_type=Path), help="Gets the port once it serves.")
def up(host: str, port: int, ready_file: Path | None) -> None:
    """Run the four services in one process; Ctrl-C stops them.

    For development and demonstration: its tokens are by an issuer of its own, whose key lies beside the data.
    """
    # Until gunicorn takes the signal over: an exit in good order stops PostgreSQL, a kill would not.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    log_to_stderr(as_json=False)
    chosen = needs.settings()
    if chosen.is_production:
        raise needs.SettingsFault("kehou up is not for production: run each role of each service with kehou run")
    issuer = needs.development_issuer(chosen)
    opened = _suite(chosen, issuer)
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)

    def ready(actual: int) -> None:
        _greet(f"http://{host}:{actual}", chosen, issuer)
        if ready_file is not None:
            _write_whole(ready_file, str(actual))

    WebServer(f"{host}:{port}", opened, ready=ready).run()


def _suite(chosen: Settings, issuer: DevelopmentIssuer) -> Callable[[], Opened]:
    """Prepare databases and keys; what is returned assembles and starts the suite."""
    urls = needs.databases(chosen, make=True)
    for service in SERVICES:
        migrate(service, urls["owner"].format(service=service))
    keyring = needs.keyring(chosen)
    settings = replace(chosen, signing_key=needs.signing_key(chosen))

    def opened() -> Opened:
        suite = Suite(settings, urls, keyring, KeySource(issuer.jwks), needs.service_tokens(issuer))
        suite.start()
        applications: dict[str, WSGIApplication] = {name: node.application for name, node in suite.nodes.items()}
        return Opened(gateway({**applications, "issuer": key_set(issuer)}), suite.stop)

    return opened


def key_set(issuer: DevelopmentIssuer) -> WSGIApplication:
    """Serves the issuer's public keys at `/issuer/jwks.json`."""
    document = Response(json.dumps(issuer.jwks()), content_type="application/json")

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reply = document if environ["PATH_INFO"] == "/issuer/jwks.json" else NotFound()
        return reply(environ, start_response)

    return serve


def _greet(home: str, chosen: Settings, issuer: DevelopmentIssuer) -> None:
    click.echo(f"\nKehou serves. Its data is in {chosen.data_dir.resolve()}, its keys at {home}/issuer/jwks.json\n")
    for service in SERVICES:
        click.echo(f"  {service:11} {home}/{service}/v1   {home}/{service}/docs")
    tokens.show_main_tokens(issuer, tokens.known_district(chosen.data_dir))
    click.echo("\nCtrl-C stops it.")


def _write_whole(path: Path, text: str) -> None:
    """A reader sees all of it or no file."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text, encoding="ascii")
    draft.replace(path)
