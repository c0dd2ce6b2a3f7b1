"""Storing the token of a profile that is being set up: asked for as `token set` asks."""

from console.cli import output
from console.cli.context import current
from console.cli.token.input import read_token
from console.services.gateway.address import canonical_origin
from console.services.setup.draft import Draft
from console.services.system.directories import Directories
from console.services.tokens.advice import said_of
from console.services.tokens.audit import AuditLog
from console.services.tokens.entry import check_entry
from console.services.tokens.reference import Reference
from console.services.tokens.sources import Sources
from console.services.tokens.stores.store import StoreError
from console.services.tokens.storing import store_token

_COMMAND = "gateway-console init"


async def store_token_of(draft: Draft, reference: Reference, sources: Sources) -> str:
    """Ask for a token and store it, bound to the draft's gateway; return why it was not stored, or nothing."""
    environment = current().environment
    origin = canonical_origin(draft.address.base_url)
    store = sources.store_of(reference)
    if store is None or origin is None:
        return f"{reference.scheme}: is not a store"
    if (reason := check_entry(environment)) is not None:
        return f"no token is accepted while {reason}"
    audit = AuditLog(Directories.of(environment).token_audit)
    try:
        audit.require()
        await store_token(store, reference, origin, lambda: read_token(_COMMAND))
    except StoreError as error:
        return said_of(reference, error.reason)
    try:
        audit.write("set", str(reference), "stored", origin=origin, source=store.source)
    except StoreError as error:
        output.note(f"not in the audit log: {error.reason}")
    output.note(f"stored in the {store.source}, bound to {origin}")
    return ""
