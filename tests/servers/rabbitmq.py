"""A RabbitMQ node of the tests' own, which they may kill, freeze, and start again with an empty disk.

The server's script is called directly, because Debian's wrapper in /usr/sbin changes to the user `rabbitmq` or refuses;
the script itself runs for root and anybody else. With RUNNING_UNDER_SYSTEMD it becomes the Erlang machine instead of
keeping a shell in between, so the child process is the node, and a signal to it reaches the node.
"""

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import quote

from tests.servers import alone, free_port

_START_SECONDS = 120  # a lone node needs 10 s; the rest is for a busy machine
_STOP_SECONDS = 30
# 3.10 writes down a new quorum queue's name within half a second; a node killed before that comes back with the queue
# there, empty and without a leader for good. Tests that kill a node do not mean that.
_REGISTRATION_SECONDS = 1.0
_DEBIAN_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
_POLICY = Path("/usr/sbin/policy-rc.d")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class RabbitNode:
    """One node with its own name, ports, port mapper, cookie, disk and log. A context manager: started in, gone out."""

    def __init__(self) -> None:
        self._scripts = ensure_installed()
        self._home = Path(tempfile.mkdtemp(prefix="kehou-rabbitmq-"))
        self.port, self._distribution_port, self._epmd_port = free_port(), free_port(), free_port()
        self.name = f"kehou-{self.port}@localhost"
        self._epmd: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._environment = self._prepare()
        atexit.register(self.close)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the node and return when it takes AMQP connections; RuntimeError with its last words if it dies."""
        if self._server and self._server.poll() is None:
            return
        if self._epmd is None:
            command = ["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"]
            self._epmd = subprocess.Popen(command, env=self._environment, start_new_session=True)
        with (self._home / "output").open("ab") as output:
            self._server = subprocess.Popen(
                [self._scripts / "rabbitmq-server"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_answering(self._server)
        self.ctl("await_startup")

    def stop(self) -> None:
        """Stop the node in good order; its disk stays."""
        if self._server:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            try:
                self._server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End the node at once, as a power cut would (`kill -9`); its disk stays."""
        if self._server:
            self._signal(signal.SIGKILL)
            self._server.wait()

    def pause(self) -> None:
        """Freeze the node: its connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen node go on."""
        self._signal(signal.SIGCONT)

    def restart(self, *, empty_disk: bool = False) -> None:
        """Stop and start; with `empty_disk` every queue, binding, user and message is gone."""
        self.stop()
        if empty_disk:
            shutil.rmtree(self._home / "mnesia")
        self.start()

    def close(self) -> None:
        """End the node and its port mapper, and delete all that they wrote."""
        self.kill()
        if self._epmd:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None
        shutil.rmtree(self._home, ignore_errors=True)
        atexit.unregister(self.close)

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` prints; RuntimeError with its complaint if it fails."""
        command = [str(self._scripts / "rabbitmqctl"), "--quiet", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"rabbitmqctl {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def load_definitions(self, path: Path, *, patience: float = 30) -> None:
        """Import a definitions file; return when its queues exist and would survive `kill`.

        RuntimeError if the broker cannot read the file, or names the queues that do not exist after `patience` seconds:
        the import goes on behind the command, and some versions skip what they cannot read.
        """
        queues = json.loads(path.read_text(encoding="utf-8")).get("queues", [])
        wanted = {(queue.get("vhost", "/"), queue["name"]) for queue in queues}
        self.ctl("import_definitions", str(path))
        deadline = time.monotonic() + patience
        while missing := wanted - self._queues({vhost for vhost, _ in wanted}):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path.name} was imported, and these queues do not exist: {sorted(missing)}")
            time.sleep(0.2)
        time.sleep(_REGISTRATION_SECONDS)

    def url(self, user: str = "guest", password: str = "guest", vhost: str = "/") -> str:
        """The AMQP URL of this node for a user and vhost."""
        return f"amqp://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"

    def is_answering(self) -> bool:
        """Whether the node replies to the opening of an AMQP 0-9-1 connection within a second."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def _prepare(self) -> dict[str, str]:
        """Write the node's empty settings files and return the environment that keeps it from all others."""
        files = {"plugins": "[].", "rabbitmq.conf": "", "advanced.config": "[].", "environment.conf": ""}
        for name, content in files.items():
            (self._home / name).write_text(content, encoding="utf-8")
        return {
            "PATH": _PATH,
            "LANG": "C.UTF-8",
            "HOME": str(self._home),  # the cookie is made there
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self._home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._home / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._home / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._home / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self._home / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(self._home / "environment.conf"),
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _wait_until_answering(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_answering():
            if server.poll() is not None or time.monotonic() > deadline:
                words = (self._home / "output").read_text(encoding="utf-8", errors="replace")[-2000:]
                raise RuntimeError(f"RabbitMQ did not start (exit code {server.returncode}). Its last words: {words}")
            time.sleep(0.1)

    def _queues(self, vhosts: set[str]) -> set[tuple[str, str]]:
        rows = {vhost: self.ctl("list_queues", "--vhost", vhost, "name", "--formatter", "json") for vhost in vhosts}
        return {(vhost, row["name"]) for vhost, text in rows.items() for row in json.loads(text)}

    def _signal(self, number: signal.Signals) -> None:
        if self._server and self._server.poll() is None:
            os.kill(self._server.pid, number)


def ensure_installed() -> Path:
    """The folder of RabbitMQ's scripts, installing Debian's package where that is possible; RuntimeError otherwise."""
    if scripts := _find_scripts():
        return scripts
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise RuntimeError(
            "The tests need RabbitMQ. Install it (Debian, Ubuntu: apt-get install rabbitmq-server); it need not run."
        )
    with alone("rabbitmq"):
        if not _find_scripts():
            _install()
    if scripts := _find_scripts():
        return scripts
    raise RuntimeError(f"rabbitmq-server was installed, but {_DEBIAN_SCRIPTS} holds no rabbitmq-server.")


def _find_scripts() -> Path | None:
    if (_DEBIAN_SCRIPTS / "rabbitmq-server").exists():
        return _DEBIAN_SCRIPTS
    found = shutil.which("rabbitmq-server")
    return Path(found).parent if found else None


def _install() -> None:
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    with _no_service_starts():
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "rabbitmq-server"]):
            done = subprocess.run([*apt, *arguments], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"apt-get {arguments[0]} failed: {done.stderr[-2000:]}")


@contextlib.contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keep Debian from starting the system's own RabbitMQ after the installation; then put back what stood there."""
    before = (_POLICY.read_bytes(), _POLICY.stat().st_mode) if _POLICY.exists() else None
    _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
        if before:
            _POLICY.write_bytes(before[0])
            _POLICY.chmod(before[1])
