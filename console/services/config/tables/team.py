"""The settings of a team: who is told what happens to its runs."""

from console.services.config.field_types import TokenReference, WebhookAddress
from console.services.config.settings import TeamSettings
from console.services.config.tables.table import Table


class TeamModel(Table):
    """`[team]`, in your own config alone: who is told what your console does to a run."""

    webhook: WebhookAddress = TeamSettings.webhook
    """Where to post events of runs as JSON: a gate waits, an operator decided or handed a run over, a run ended. An
    https URL, `http://` on loopback only, or `env:NAME`, the variable that holds it."""
    webhook_token_ref: TokenReference | None = TeamSettings.webhook_token_ref
    """Where the webhook's own token is, as in `token_ref`; it is sent as a bearer to the webhook's origin only."""
