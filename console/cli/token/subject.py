"""The subject of a `token` command: a profile, its references and sources, and its gateway's origin."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.profile import chosen_profile
from console.domain.problem import Problem, ProblemKind
from console.services.config.settings import Profile
from console.services.gateway.address import canonical_origin
from console.services.open_gateway import require_base_url
from console.services.system.directories import Directories
from console.services.tokens.audit import AuditLog
from console.services.tokens.fingerprint import installation_key
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.sources import Sources, open_sources
from console.services.tokens.stores.store import Store, StoreError
from console.services.tokens.terminal import ask_on_terminal


class SubjectError(Problem):
    """The command cannot run as typed; the message says what to do."""

    kind = ProblemKind.USAGE


@dataclass(frozen=True, slots=True)
class Subject:
    """A profile with every source and store of its tokens."""

    profile: Profile
    references: tuple[Reference, ...]
    origin: str | None
    """The gateway's origin in canonical form; None for the embedded gateway, whose port changes each time."""
    sources: Sources
    """Sources that may ask on the terminal."""
    silent_sources: Sources
    """Sources that ask no one."""
    directories: Directories
    audit: AuditLog

    def store(self, text: str | None) -> tuple[Reference, Store]:
        """Return the reference that an argument names, or the profile's first stored one, with its store.

        Raises:
            SubjectError: It is not a reference, or does not name a store.

        """
        if text is None:
            chosen = next((each for each in self.references if each.scheme.is_store), None)
            if chosen is None:
                raise SubjectError(
                    f"profile {self.profile.name} names no store in token_ref. Name one here, such as"
                    " keyring://gateway-console/NAME, kernel:NAME or vault:NAME, and add it to token_ref",
                )
        else:
            chosen = parse_reference(text)
        store = self.sources.store_of(chosen)
        if store is None:
            raise SubjectError(
                f"{chosen.scheme}: is not a store. The console keeps tokens under keyring://SERVICE/NAME,"
                " kernel:NAME and vault:NAME",
            )
        if chosen.is_reserved:
            raise SubjectError("names that end in .next, .prev or .canary are reserved")
        return chosen, store

    def require_origin(self) -> str:
        """Return the origin that a token is bound to.

        Raises:
            SubjectError: The profile runs on the embedded gateway.

        """
        if self.origin is None:
            raise SubjectError(
                f"profile {self.profile.name} runs on the embedded gateway, which makes its own token; name another"
                " with --profile, or a config with --config",
            )
        return self.origin

    def note_if_unlisted(self, reference: Reference) -> None:
        """Print a note if the profile does not use this reference."""
        if reference not in self.references:
            output.note(f'{reference} is not in token_ref of profile {self.profile.name}: add "{reference}" to it')

    def fingerprint_key(self, *, may_make: bool = True) -> bytes | None:
        """Return the key of fingerprints; None if there is none, with a note if making it failed."""
        if not may_make and not self.directories.fingerprint_key.exists():
            return None
        try:
            return installation_key(self.directories.fingerprint_key)
        except StoreError as error:
            output.note(f"no fingerprints: {error.reason}")
            return None


def load_subject(arguments: argparse.Namespace) -> Subject:
    """Load the profile of a command line. Nothing is asked yet.

    Raises:
        ConfigError: The config cannot be used.
        TargetError: The gateway has no address.

    """
    profile = chosen_profile(arguments)
    origin = None if profile.is_embedded else canonical_origin(require_base_url(profile, current().environment))
    directories = Directories.of(current().environment)
    return Subject(
        profile=profile,
        references=profile.gateway.token_ref,
        origin=origin,
        sources=open_sources(profile.gateway, current().environment, ask=ask_on_terminal),
        silent_sources=open_sources(profile.gateway, current().environment),
        directories=directories,
        audit=AuditLog(directories.token_audit),
    )


def parse_reference(text: str) -> Reference:
    """Parse a reference as typed.

    Raises:
        SubjectError: It is not a reference.

    """
    try:
        return Reference.parse(text)
    except ValueError as error:
        raise SubjectError(f"REFERENCE: {error}") from None


def private_file_reference(text: str) -> Path:
    """Return the path of a file: reference.

    Raises:
        SubjectError: It is not a file: reference.

    """
    reference = parse_reference(text)
    if reference.scheme is not Scheme.FILE:
        raise SubjectError("a password comes from a terminal or from file:/PATH")
    return Path(reference.name)
