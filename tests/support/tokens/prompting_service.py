"""A Secret Service on a real bus whose keyring is locked, and whose prompt waits for a person who never comes."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    message_bus,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from support.waiting import HANG_S

_COLLECTION = "/org/freedesktop/secrets/collection/login"
_PROMPT = "/org/freedesktop/secrets/prompt/p1"


@dataclass
class PromptingService:
    """What was asked of the service."""

    calls: list[str] = field(default_factory=list)
    was_prompted: threading.Event = field(default_factory=threading.Event)
    was_dismissed: threading.Event = field(default_factory=threading.Event)
    is_locked: bool = True
    answers: bool = False
    """The person answers the prompt as soon as it is shown."""


@contextlib.contextmanager
def prompting_service(bus_address: str, *, answers: bool = False) -> Iterator[PromptingService]:
    """Take the Secret Service's name on a bus and serve until the block ends."""
    service = PromptingService(answers=answers)
    with contextlib.closing(open_dbus_connection(bus_address, auth_timeout=HANG_S)) as connection:
        reply = Proxy(message_bus, connection, timeout=HANG_S).RequestName("org.freedesktop.secrets", 4)
        assert reply == (1,)
        serving = threading.Thread(target=_serve, args=(connection, service), daemon=True)
        serving.start()
        with contextlib.closing(open_dbus_connection(bus_address, auth_timeout=HANG_S)) as other:
            yield service
            end = new_method_call(DBusAddress("/end", str(connection.unique_name), "test.End"), "End")
            other.send_and_get_reply(end, timeout=HANG_S)
        serving.join()


def _serve(connection: DBusConnection, service: PromptingService) -> None:
    while True:
        message = connection.receive()
        if message.header.message_type is not MessageType.method_call:
            continue
        fields = message.header.fields
        name = fields[HeaderFields.member]
        service.calls.append(name)
        connection.send(_answer(message, name, service))
        if name == "End":
            return
        if name == "Prompt":
            service.was_prompted.set()
            if service.answers:
                service.is_locked = False
                connection.send(_completed(message))
        if name == "Dismiss":
            service.was_dismissed.set()


def _completed(asked: Message) -> Message:
    emitter = DBusAddress(_PROMPT, interface="org.freedesktop.Secret.Prompt")
    return new_signal(emitter, "Completed", "bv", (False, ("ao", [_COLLECTION])))


def _answer(message: Message, name: str, service: PromptingService) -> Message:
    match name:
        case "ReadAlias":
            return new_method_return(message, "o", (_COLLECTION,))
        case "Unlock":
            return new_method_return(message, "aoo", ([], _PROMPT))
        case "Get" if message.body[1] == "Locked":
            return new_method_return(message, "v", (("b", service.is_locked),))
        case "Get":
            return new_method_return(message, "v", (("s", "Login"),))
        case "OpenSession" if message.body[0] == "plain":
            return new_method_return(message, "vo", (("s", ""), "/org/freedesktop/secrets/session/s1"))
        case "OpenSession":
            return new_error(message, "org.freedesktop.DBus.Error.NotSupported")
        case "Prompt" | "Dismiss" | "End":
            return new_method_return(message)
        case _:
            return new_error(message, "org.freedesktop.DBus.Error.UnknownInterface")
