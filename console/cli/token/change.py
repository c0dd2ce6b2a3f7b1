"""`token set`, `rotate`, `remove` and `rebind`: they change what is stored."""

import argparse
import asyncio

from console.cli.exit_code import ExitCode
from console.cli.token.input import InputError, confirm, read_token
from console.cli.token.report import Report, failures_told, show
from console.cli.token.subject import Subject
from console.domain.problem import Problem, ProblemKind
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.gateway.address import canonical_origin
from console.services.tokens.rebinding import plan_rebinding, rebind
from console.services.tokens.reference import NEXT, PREVIOUS, Reference, Scheme
from console.services.tokens.rotation import (
    Rotation,
    RotationEnd,
    Verification,
    Verifier,
    go_back,
    rotate,
)
from console.services.tokens.rotation import (
    confirm as confirm_rotation,
)
from console.services.tokens.stores.kernel_store import LIFETIME_S, KernelStore
from console.services.tokens.stores.store import Store, StoreError
from console.services.tokens.storing import store_token

_CONSOLE = "gateway-console token"


def run(subject: Subject, arguments: argparse.Namespace, *, verify: Verifier | None = None) -> ExitCode:
    """Make one change.

    Args:
        subject: The profile and its stores.
        arguments: The command line.
        verify: Asks the gateway about a new token; None if nothing can.

    """
    reference, store = subject.store(arguments.reference)
    origin = subject.require_origin()
    change = Change(subject, reference, store, origin, as_json=arguments.json)
    with failures_told(subject, arguments.kind, reference):
        subject.audit.require()
        match arguments.kind:
            case "set":
                return asyncio.run(change.set(arguments.expires_h))
            case "remove":
                return asyncio.run(change.remove(_origin(arguments.origin), is_sure=arguments.yes))
            case "rebind":
                return asyncio.run(change.rebind(_origin(arguments.origin), is_sure=arguments.yes))
            case _ if arguments.confirm:
                return asyncio.run(change.confirm())
            case _ if arguments.back:
                return asyncio.run(change.go_back())
            case _:
                return asyncio.run(change.rotate(_accept_unseen if arguments.unverified else verify))


def _origin(text: str | None) -> str | None:
    origin = None if text is None else canonical_origin(text)
    if text is not None and origin is None:
        raise InputError("--origin wants the origin of a gateway, such as https://gw.example:8443")
    return origin


async def _accept_unseen(secret: Secret, origin: str) -> Verification:
    return Verification(True, "the gateway was not asked")


class Change:
    """A change to one token of one profile."""

    def __init__(self, subject: Subject, reference: Reference, store: Store, origin: str, *, as_json: bool) -> None:
        self._subject = subject
        self._reference = reference
        self._store = store
        self._origin = origin
        self._as_json = as_json

    async def set(self, expires_h: int | None) -> ExitCode:
        """Store a token. Prove that the store can write before asking for the token."""
        lasting = ""
        if self._reference.scheme is Scheme.KERNEL:
            lifetime_s = LIFETIME_S if expires_h is None else expires_h * 3600
            self._store = KernelStore(lifetime_s=lifetime_s)
            lasting = f", for {lifetime_s // 3600} h at most"
        elif expires_h is not None:
            raise InputError("--expires-h is for kernel: only; the other stores keep a token until it is removed")
        command = f"{_CONSOLE} set {self._reference}"
        secret = await store_token(self._store, self._reference, self._origin, lambda: read_token(command))
        self._report("set", "stored", f"stored in the {self._store.source}, bound to {self._origin}{lasting}", secret)
        self._subject.note_if_unlisted(self._reference)
        return ExitCode.OK

    async def remove(self, chosen: str | None, *, is_sure: bool) -> ExitCode:
        """Forget a token, and what a rotation left of it."""
        kept = await self._store.origins(self._reference)
        origin: str | None = chosen or self._origin
        if kept is None and chosen is None and (stored := await self._store.read(self._reference, origin)) is not None:
            origin = stored.origin  # a keyring that cannot list what it keeps can still be asked
        elif kept is not None and origin not in kept:
            if None not in kept or chosen is not None:
                words = ", ".join(sorted(each for each in kept if each is not None))
                more = f"; it has one for {words}: name it with --origin" if words else ""
                raise StoreError(TokenState.ABSENT, f"the {self._store.source} has no token for {origin}{more}")
            origin = None
        bound = "not bound to an origin" if origin is None else f"bound to {origin}"
        confirm(
            f"Forget the token {self._reference}, {bound}?",
            is_sure=is_sure,
            command=f"{_CONSOLE} remove {self._reference}",
        )
        removed = await self._store.remove(self._reference, origin)
        for ending in (NEXT, PREVIOUS):
            await self._store.remove(self._reference.renamed(self._reference.name + ending), origin)
        if not removed:
            raise StoreError(TokenState.ABSENT, f"the {self._store.source} has no such entry")
        self._report("remove", "removed", f"removed from the {self._store.source}, {bound}")
        return ExitCode.OK

    async def rebind(self, chosen: str | None, *, is_sure: bool) -> ExitCode:
        """Bind a token to the profile's current origin."""
        binding = await plan_rebinding(self._store, self._reference, self._origin, chosen)
        if not binding.is_needed:
            self._report("rebind", "unchanged", f"already bound to {self._origin}")
            return ExitCode.OK
        before = "no origin" if binding.before is None else binding.before
        confirm(
            f"Send the token {self._reference} to {self._origin} from now on? It is bound to {before}.",
            is_sure=is_sure,
            command=f"{_CONSOLE} rebind {self._reference}",
        )
        secret = await rebind(self._store, self._reference, binding)
        self._report("rebind", "rebound", f"now bound to {self._origin}, before to {before}", secret)
        return ExitCode.OK

    async def rotate(self, verify: Verifier | None) -> ExitCode:
        """Ask for a new token, prove it and put it in place."""
        if verify is None:
            raise Problem(
                "the gateway cannot be asked about a new token; --unverified puts it in place without asking",
                ProblemKind.REFUSED,
            )
        command = f"{_CONSOLE} rotate {self._reference}"
        rotation = await rotate(
            self._store, self._reference, self._origin, ask=lambda: read_token(command), verify=verify
        )
        return self._tell(rotation)

    async def confirm(self) -> ExitCode:
        """Forget the previous token."""
        return self._tell(await confirm_rotation(self._store, self._reference, self._origin))

    async def go_back(self) -> ExitCode:
        """Put the previous token back in place."""
        return self._tell(await go_back(self._store, self._reference, self._origin))

    def _tell(self, rotation: Rotation) -> ExitCode:
        command = f"{_CONSOLE} rotate {self._reference}"
        resumed = "resumed the interrupted rotation: " if rotation.is_resumed else ""
        words, next_command, code = {
            RotationEnd.SWAPPED: (
                "the new token is in place; the previous one is kept until --confirm or --back"
                + (f". {rotation.words}" if rotation.words else ""),
                f"{command} --confirm",
                ExitCode.OK,
            ),
            RotationEnd.REJECTED: (
                f"the gateway does not accept the new token; nothing was changed: {rotation.words}",
                "",
                ExitCode.ACCOUNT,
            ),
            RotationEnd.UNPROVEN: (
                f"{'the gateway could not be asked' if rotation.is_silent else 'nothing proves the new token'};"
                f" it waits, and the current one stays in use: {rotation.words}."
                " To put it in place without proof, add --unverified",
                command,
                ExitCode.UNREACHABLE,
            ),
            RotationEnd.CONFIRMED: ("the previous token was forgotten", "", ExitCode.OK),
            RotationEnd.REVERTED: ("the previous token is back in place; the new one was forgotten", "", ExitCode.OK),
            RotationEnd.NOTHING: ("no rotation is in progress; nothing was changed", "", ExitCode.OK),
        }[rotation.end]
        self._report("rotate", rotation.end.value, f"{resumed}{words}", rotation.secret, next_command)
        return code

    def _report(
        self, action: str, result: str, words: str, secret: Secret | None = None, next_command: str = ""
    ) -> None:
        key = None if secret is None else self._subject.fingerprint_key()
        report = Report(
            action,
            result,
            f"{self._reference}: {words}",
            self._reference,
            self._origin,
            self._store.source,
            None if key is None or secret is None else secret.fingerprint(key),
            next_command,
        )
        show(report, self._subject, as_json=self._as_json)
