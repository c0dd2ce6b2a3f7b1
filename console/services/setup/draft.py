"""A draft: what the set-up knows of a profile, as a commented table of a config."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from console.domain.routes.model_facts import ModelFacts
from console.domain.routes.role import Role
from console.domain.setup.candidate import Candidate
from console.domain.setup.proposal import Proposal
from console.domain.text.safe import safe
from console.services.config.load import read_profile
from console.services.config.settings import Profile
from console.services.config.toml_text import TomlText
from console.services.gateway.options import Auth
from console.services.probes.key_control import UNKNOWN_MODEL
from console.services.setup.address import GatewayAddress
from console.services.tokens.reference import Reference, Scheme

_WIDTH = 118
_MEANINGS = {
    Role.PLANNER: "sets the task's scope and the stop conditions",
    Role.WRITER: "drafts the patch, the article or the command plan",
    Role.REVISION: "revises the draft after a review",
    Role.REVIEWER: "scores the draft; must not be the writer's own call",
    Role.CRITIC: "looks for unsafe assumptions; independent of writer and reviewer",
    Role.FALLBACK: "serves a role that you move here; the console never chooses it",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A profile that is not in a config yet."""

    name: str
    address: GatewayAddress
    references: tuple[Reference, ...] = ()
    auth: Auth = "bearer"
    ca_file: Path | None = None
    """A PEM file with certificate authorities to trust beside the system's."""
    proposal: Proposal | None = None
    """Who has which role; None before it is known."""
    proven: str = ""
    """What the free check showed, in one line; empty if there was none."""

    @property
    def tables(self) -> dict[str, object]:
        """The profile's tables, without comments."""
        gateway: dict[str, object] = {"base_url": self.address.base_url}
        gateway["token_ref"] = [_written(each) for each in self.references]
        if self.auth != "bearer":
            gateway["auth"] = self.auth
        if self.ca_file is not None:
            gateway["ca_file"] = str(self.ca_file)
        roles: Mapping[Role, Candidate] = {} if self.proposal is None else self.proposal.roles
        routes = {
            role.value: {"model": each.model, "endpoint_family": each.family.value, "endpoint_path": each.path}
            for role, each in roles.items()
        }
        return {"gateway": gateway, "routes": routes}

    def profile(self, facts: ModelFacts | None) -> Profile:
        """Return the profile as a config with it alone would have it.

        Args:
            facts: The facts on models, if the operator installed tables.

        Raises:
            ConfigError: A config could not have it; the message has every fault.

        """
        text = TomlText(whole_config(self, date.min), f"profile {self.name}")
        return read_profile(text, self.name, why_no_programs=None, why_no_tokens=None, facts=facts)


def whole_config(draft: Draft, today: date) -> str:
    """Return a config that has nothing but a draft's profile."""
    head = (
        "# The config of gateway-console. It holds references to tokens, never tokens.\n"
        "# The next profile: gateway-console init. What each setting means: gateway-console config schema.\n\n"
        f'schema = 1\ndefault_profile = "{draft.name}"\n'
    )
    return f"{head}\n{section(draft, today)}"


def trial_config(draft: Draft) -> str:
    """Return a config with a draft's profile that another command can read, even before any role has a model."""
    if draft.proposal is None:
        family, path = next(iter(draft.address.paths.items()))
        writer = Candidate(UNKNOWN_MODEL, family, path)
        draft = replace(draft, proposal=Proposal({Role.WRITER: writer}, (), is_separated=False))
    return whole_config(draft, date.min)


def section(draft: Draft, today: date) -> str:
    """Return a draft's profile as commented tables that can be appended to a config."""
    return "\n".join(_lines(draft, today)) + "\n"


def _lines(draft: Draft, today: date) -> Iterator[str]:
    preset = draft.address.preset
    title = "a gateway" if preset is None else preset.title
    yield f"# --- {draft.name}: {title}, by gateway-console init on {today} ".ljust(_WIDTH, "-")
    if preset is not None:
        hand = ", second-hand" if preset.is_second_hand else ""
        yield f"# {preset.source_url} (read {preset.checked_on}{hand})"
        if preset.note:
            yield f"# Note: {preset.note}."
        for name, words in preset.headers.items():
            yield f"# A call may need the header {name}, {words}: [profiles.{draft.name}.gateway.headers]"
    if draft.proven:
        yield f"# {safe(draft.proven)}"
    gateway, routes = draft.tables["gateway"], draft.tables["routes"]
    yield ""
    yield from _table(draft.name, ("gateway",), gateway, {"token_ref": "where the token is, never the token"})
    roles: Mapping[Role, Candidate] = {} if draft.proposal is None else draft.proposal.roles
    for number, words in enumerate(() if draft.proposal is None else draft.proposal.words):
        if number == 0:
            yield ""
        yield from _wrapped(words)
    for role, candidate in roles.items():
        yield ""
        table = routes[role.value] if isinstance(routes, dict) else {}
        yield from _table(draft.name, ("routes", role.value), table, {"model": _about(candidate)}, _MEANINGS[role])


def _table(
    profile: str, keys: tuple[str, ...], values: object, comments: Mapping[str, str], about: str = ""
) -> Iterator[str]:
    """Yield a table's lines as tomli-w writes them, with our comments behind the header and behind keys."""
    import tomli_w

    inner: object = values
    for key in (*reversed(keys), profile, "profiles"):
        inner = {key: inner}
    text = tomli_w.dumps(inner if isinstance(inner, dict) else {})
    for line in _in_one_line(text).splitlines():
        key = line.partition(" = ")[0]
        comment = about if line.startswith("[") else comments.get(key, "")
        yield f"{line}   # {safe(comment)}" if comment else line


def _in_one_line(text: str) -> str:
    """Return TOML with its short lists in one line each; TOML writes a line end within a text as an escape."""
    return text.replace("[\n    ", "[").replace(",\n    ", ", ").replace(",\n]", "]")


def _about(candidate: Candidate) -> str:
    """Return what is known of a candidate's model, as a comment."""
    known = ["no price known" if candidate.price is None else str(candidate.price)]
    if candidate.retires_on:
        known.append("deprecated" if candidate.retires_on == "deprecated" else f"retires on {candidate.retires_on}")
    if candidate.required is not None and candidate.required is not candidate.family:
        known.append(f"its own family is {candidate.required}")
    return ", ".join(known)


def _wrapped(words: str) -> Iterator[str]:
    line = "#"
    for word in safe(words).split():
        if len(line) + 1 + len(word) > _WIDTH and line != "#":
            yield line
            line = "#"
        line += f" {word}"
    yield line


def _written(reference: Reference) -> str:
    """Return a reference as a config has it."""
    if reference.scheme is Scheme.CMD:
        import json

        return f"cmd:{json.dumps(list(reference.argv))}"
    return str(reference)
