"""The store's setting: where runs are kept, if this is not a file of this machine."""

from typing import Annotated, Self

from pydantic import AfterValidator, ValidationInfo, model_validator

from console.services.config.field_types import TokenReference, unfit
from console.services.config.own_config import Trust
from console.services.config.tables.table import Table
from console.services.tokens.reference import Reference, Scheme

_SCHEMES = (Scheme.ENV, Scheme.KEYRING, Scheme.FILE)


def _readable(reference: Reference) -> Reference:
    if reference.scheme not in _SCHEMES:
        raise unfit("must be env:NAME, keyring://SERVICE/NAME or file:/PATH: each command reads it, and none can ask")
    return reference


class StoreModel(Table):
    """`[store]`: the PostgreSQL database in which operators and machines share runs and records.

    Without this table, runs are kept in a file of this machine. It counts in your own config file only:
    `~/.config/gateway-console/config.toml`.
    """

    url_ref: Annotated[TokenReference, AfterValidator(_readable)]
    """Where the database's URL is, as in `token_ref`: `env:NAME`, `keyring://SERVICE/NAME` or `file:/PATH`. The URL,
    `postgresql://USER:PASSWORD@HOST/DATABASE`, is never written here. `gateway-console store url` puts it into the
    keyring."""

    @model_validator(mode="after")
    def _is_own(self, info: ValidationInfo) -> Self:
        trust = info.context
        if isinstance(trust, Trust) and trust.is_repository:
            raise unfit("is not for a repository's config to say: it decides where your runs are kept; remove it here")
        if isinstance(trust, Trust) and trust.why_no_programs is not None:
            raise unfit(f"counts in your own config file only: {trust.why_no_programs}")
        return self
