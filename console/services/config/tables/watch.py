"""The settings of a watch: how often, how far, and who is told."""

from typing import Annotated

from pydantic import Field, Strict

from console.services.config.field_types import TokenReference, WebhookAddress
from console.services.config.settings import WatchSettings
from console.services.config.tables.table import Table


class WatchModel(Table):
    """`[profiles.NAME.watch]`: what `gateway-console watch` does if its options say nothing else."""

    every_s: Annotated[int, Strict(), Field(ge=1, le=604_800)] = WatchSettings.every_s
    """The time from the beginning of one round to that of the next, in seconds. Of several profiles, the shortest
    counts."""
    level: Annotated[int, Strict(), Field(ge=0, le=5)] = WatchSettings.level
    """How far each round climbs the probe ladder. Rungs 4 and 5 make the gateway generate, and keep the policy's budget
    for the whole watch. Of several profiles, the lowest counts."""
    webhook: WebhookAddress = WatchSettings.webhook
    """Where to post the profile's changes as JSON: an https URL, `http://` on loopback only, or `env:NAME`, the
    variable that holds it. The address may be as secret as a token; then use a variable."""
    webhook_token_ref: TokenReference | None = WatchSettings.webhook_token_ref
    """Where the webhook's own token is, as in `token_ref`; it is sent as a bearer to the webhook's origin only. If it
    is omitted, no token is sent: never the gateway's."""
