"""The bundle: what support needs to know of a failure. No field can hold a prompt, an output, a token or a path here.

Names from a gateway are in their closed forms, as in a record. What an operator typed is not in it, but for the
profile's own settings: names, an address without its query's values, and the kinds of its references.
"""

import re
from dataclasses import dataclass

from console.domain.errors.category import Blame, Category
from console.domain.finding import Severity

_QUERY_VALUE = re.compile(r"(?<==)[^&]*")


@dataclass(frozen=True, slots=True)
class BundledVersions:
    """The programs that made the bundle."""

    console: str
    python: str
    system: str
    """The operating system with its release and the processor, such as `Linux 6.8.0 x86_64`."""


@dataclass(frozen=True, slots=True)
class BundledProfile:
    """A profile without its secrets. What is null is not known here: the profile could not be loaded."""

    name: str
    gateway_origin: str | None
    is_embedded: bool
    auth: str | None
    """The header that carries the token."""
    token_kinds: tuple[str, ...] | None
    """Where tokens are looked for, by kind alone, such as `keyring`."""
    header_names: tuple[str, ...] | None
    """The profile's own headers, by name alone."""


@dataclass(frozen=True, slots=True)
class BundledRoute:
    """The route that failed."""

    route: str
    """Its role, or role and name, as in `writer.fast`."""
    model: str
    endpoint_family: str
    endpoint_path: str
    """Without the values of its query."""


@dataclass(frozen=True, slots=True)
class BundledCategory:
    """Why the call failed, by the console's categories."""

    category: Category
    blame: Blame
    """Where the cause most likely is."""
    rule: str
    """The id of the rule that decided; empty if none did, or if the record does not have it."""
    means: str
    action: str
    ask: str
    """Whom to ask."""


@dataclass(frozen=True, slots=True)
class EventCount:
    """Events of one kind that followed one another."""

    kind: str
    """The event's type in its family, such as `response.created`; `other` for a type that no family has."""
    count: int


@dataclass(frozen=True, slots=True)
class BundledCall:
    """The call, as far as it got. What is null did not arrive, or the record does not have it."""

    outcome: str
    """`answered`, `failed`, `lost` (it may have been billed, the outcome is unknown), or `open`."""
    at_ms: int | None
    """When the call was begun: Unix time in milliseconds. All other times here are durations."""
    call_id: str | None
    """The call's id in the run's record."""
    requests_sent: int | None
    http_status: int | None
    request_id: str | None
    model_reported: str | None
    finish: str | None
    input_tokens: int | None
    output_tokens: int | None
    first_byte_ms: int | None
    """From the request's last byte until the answer's head."""
    ttft_ms: int | None
    """From the request's last byte until the first content."""
    total_ms: int | None
    arrival: str | None
    """How the content arrived: `flowing`, `burst`, `lumps` or `few`."""
    events: tuple[EventCount, ...] | None
    """The stream's events in their order, without content; empty if the answer was not a stream."""
    is_events_whole: bool
    """Whether the events are all of them: a long stream is cut."""


@dataclass(frozen=True, slots=True)
class BundledFinding:
    """A finding, by its registered words."""

    id: str
    severity: Severity | None
    """Null where the record does not have it."""
    words: str


@dataclass(frozen=True, slots=True)
class BundledSymptom:
    """What the doctor said of this machine."""

    id: str
    health: str
    found: str
    """Empty where it would name a path, a variable's value or a reference."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to send the bundle."""

    address: str
    """A URL or an e-mail address; empty if none is known."""
    source: str
    """Where the address was found, or why there is none, in one sentence."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that support gets."""

    made_at_ms: int
    """In milliseconds since 1970."""
    versions: BundledVersions
    run_id: str | None
    """The run that failed; null for a route."""
    run_head: str | None
    """The hash of the run's newest line, which `record verify` compares."""
    profile: BundledProfile
    route: BundledRoute | None
    """Null if the run stopped at no route."""
    call: BundledCall | None
    """Null if no call was made."""
    category: BundledCategory | None
    """Null if nothing failed."""
    findings: tuple[BundledFinding, ...]
    doctor: tuple[BundledSymptom, ...]
    destination: Destination


def path_without_values(path: str) -> str:
    """Return an endpoint's path with the values of its query left out."""
    stem, mark, query = path.partition("?")
    return stem + mark + _QUERY_VALUE.sub("…", query)
