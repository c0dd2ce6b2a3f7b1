"""A real Secret Service for tests: dbus-daemon and gnome-keyring-daemon as this process's own children."""

import contextlib
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import secretstorage
from jeepney import MatchRule, message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from keyring.backends.SecretService import Keyring
from support.waiting import HANG_S


class PatientKeyring(Keyring):
    """keyring's own backend, but for the one second that it gives a bus to let it in."""

    def get_preferred_collection(self) -> secretstorage.Collection:
        return secretstorage.get_default_collection(open_dbus_connection(auth_timeout=HANG_S))


@dataclass(frozen=True)
class SecretService:
    """A Secret Service at work."""

    bus_address: str
    daemon: "subprocess.Popen[bytes]"
    home: Path

    def store(self, service: str, name: str, token: str) -> None:
        """Store a token as `keyring set` does."""
        PatientKeyring().set_password(service, name, token)

    def stored(self, service: str, name: str) -> str | None:
        """Read a token as `keyring get` does."""
        return PatientKeyring().get_password(service, name)

    def usernames(self, service: str) -> list[str]:
        """Return what a service keeps tokens under."""
        with self._connected() as connection:
            items = secretstorage.get_default_collection(connection).search_items({"service": service})
            return sorted(item.get_attributes()["username"] for item in items)

    def is_locked(self) -> bool:
        with self._connected() as connection:
            return secretstorage.get_default_collection(connection).is_locked()

    def lock(self) -> None:
        with self._connected() as connection:
            secretstorage.get_default_collection(connection).lock()

    def clients(self) -> set[str]:
        """Return who is on the bus, but for who asks."""
        with self._connected() as connection:
            (names,) = Proxy(message_bus, connection, timeout=HANG_S).ListNames()
            return {name for name in names if name.startswith(":") and name != connection.unique_name}

    def freeze(self) -> None:
        self.daemon.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.daemon.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.daemon.kill()
        self.daemon.wait()

    def _connected(self) -> contextlib.closing[DBusConnection]:
        return contextlib.closing(open_dbus_connection(self.bus_address, auth_timeout=HANG_S))


@contextlib.contextmanager
def running_secret_service(home: Path, *, is_unlocked: bool = True) -> Iterator[SecretService]:
    """Run a session bus and a keyring daemon in a home of their own; one that is not unlocked has no keyring yet."""
    with contextlib.ExitStack() as stack:
        address, environment = stack.enter_context(running_bus(home))
        wait_for_owner = stack.enter_context(_watched(address, "org.freedesktop.secrets"))
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        if is_unlocked:
            command.append("--unlock")
        daemon = stack.enter_context(
            _child(command, environment | {"DBUS_SESSION_BUS_ADDRESS": address}, stdin=subprocess.PIPE)
        )
        assert daemon.stdin is not None
        daemon.stdin.write(b"test-pass")
        daemon.stdin.close()
        wait_for_owner()
        yield SecretService(address, daemon, home)


@contextlib.contextmanager
def running_bus(home: Path, *, can_start: bool = True) -> Iterator[tuple[str, dict[str, str]]]:
    """Run a session bus in a home of its own; yield its address, and the environment of who lives there.

    A bus that cannot start services knows none but those that come to it by themselves.
    """
    home.mkdir(mode=0o700)
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_DATA_HOME": str(home / "data"),
    }
    config = home / "bus.conf"
    config.write_text(
        "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>"
        '<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>'
        "</busconfig>"
    )
    kind = "--session" if can_start else f"--config-file={config}"
    with _child(["dbus-daemon", kind, "--nofork", "--print-address=1"], environment, stdin=subprocess.DEVNULL) as bus:
        assert bus.stdout is not None
        yield bus.stdout.readline().decode().strip(), environment


@contextlib.contextmanager
def _child(command: list[str], environment: dict[str, str], *, stdin: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a child in a process group of its own, and end the group: a bus starts daemons by itself."""
    child = subprocess.Popen(
        command,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with child:
        try:
            yield child
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


@contextlib.contextmanager
def _watched(address: str, name: str) -> Iterator[Callable[[], object]]:
    """Watch a bus for a name's first owner; the yielded function waits for it."""
    with contextlib.closing(open_dbus_connection(address, auth_timeout=HANG_S)) as connection:
        bus = Proxy(message_bus, connection, timeout=HANG_S)
        rule = MatchRule(
            type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged", path="/org/freedesktop/DBus"
        )
        rule.add_arg_condition(0, name)
        bus.AddMatch(rule)
        with connection.filter(rule, queue=deque()) as queue:
            yield lambda: connection.recv_until_filtered(queue, timeout=HANG_S)
