"""Settings as the console uses them: plain frozen values with the defaults. `model` says what each one means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

from console.domain.money import Budget, BudgetScope, Limits, microusd
from console.domain.routes.contract import CheckBasis, RouteCheck, check
from console.domain.routes.gateway_address import BaseAddress
from console.domain.routes.model_facts import ModelFacts
from console.domain.routes.model_family import FamilyFact
from console.domain.routes.route import RouteTable
from console.domain.verification import MAX_AGE_DAYS
from console.domain.workflows.token_kind import TokenKind
from console.services.gateway.address import base_address
from console.services.gateway.options import Auth
from console.services.tokens.reference import Reference

EMBEDDED = "sim:"
"""The base URL and the token reference of the embedded gateway."""


class ConfigLayer(StrEnum):
    """What named a config or a value, the one that counts most first."""

    FLAG = "flag"
    """`--config` or `--profile`."""
    ENVIRONMENT = "environment"
    """`GATEWAY_CONSOLE_CONFIG` or `GATEWAY_CONSOLE_PROFILE`."""
    USER = "user config"
    """The operator's own file."""
    REPOSITORY = "repository config"
    """`.gateway-console.toml` at the root of the git repository around the working directory: not trusted."""
    BUILT_IN = "built-in sample"


@dataclass(frozen=True)
class GatewaySettings:
    """Where the gateway is and how to call it: `model.GatewayModel`."""

    base_url: str | None = None
    base_url_ref: str | None = None
    token_ref: tuple[Reference, ...] = ()
    keyring: Literal["platform", "kwallet"] = "platform"
    vault_passphrase_ref: Reference | None = None
    auth: Auth = "bearer"
    anthropic_version: str = "2023-06-01"
    headers: Mapping[str, str] = field(default_factory=dict)
    ca_file: Path | None = None
    deadline_s: float = 600.0
    idle_timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    concurrency: int = 8
    smoke_max_output_tokens: int = 256
    documentation: str = ""
    support: str = ""

    def base(self, environment: Mapping[str, str]) -> BaseAddress | None:
        """Return the gateway's host and prefix; None if the address is not set or cannot be read.

        Args:
            environment: The environment variables, for an address by reference.

        """
        address = self.base_url or environment.get((self.base_url_ref or "").removeprefix("env:"), "")
        try:
            base = base_address(address.strip())
        except ValueError:  # opening the gateway will report it
            return None
        return base if base.host else None


@dataclass(frozen=True)
class PolicySettings:
    """What must hold before a call or a run: `model.PolicyModel`."""

    verification_max_age_days: int = MAX_AGE_DAYS
    require_verification: bool = False
    withheld_tokens: tuple[str, ...] = ()
    budget_tokens: int | None = None
    budget_usd: float | None = None
    threshold: int | None = None
    rubric: Path | None = None
    max_attempts: int = 3
    independence: int = 2
    unproven_independence: Literal["ask", "block", "accept"] = "ask"
    preflight_level: int = 3
    four_eyes: bool = False
    operator_key: Path | None = None
    allowed_signers: Path | None = None
    revoked_signers: Path | None = None
    retention_days: int = 400
    history_days: int = 90
    run_tokens: int | None = None
    run_usd: float | None = None
    attempt_tokens: int | None = None
    attempt_usd: float | None = None
    require_price: bool = True
    require_listed_model: bool = True
    ci_boundary: Literal["require", "person", "note"] = "person"
    publisher_token_available_to_writer: bool = False
    cloudflare_token_available_to_writer: bool = False
    ci_token_available_to_writer: bool = True
    repository_token_available_to_writer: bool = True
    ci_token_permissions: Literal["least-privilege for the job"] | None = None
    run_max_output_tokens: int = 4096
    checks: tuple[str, ...] = ()
    check_timeout_s: float = 300.0

    @property
    def withheld_kinds(self) -> frozenset[TokenKind]:
        """The kinds of tokens that no role may reach."""
        available = {
            TokenKind.PUBLISHER: self.publisher_token_available_to_writer,
            TokenKind.CLOUD: self.cloudflare_token_available_to_writer,
            TokenKind.CI: self.ci_token_available_to_writer,
            TokenKind.REPOSITORY: self.repository_token_available_to_writer,
        }
        return frozenset(kind for kind, is_available in available.items() if not is_available)


@dataclass(frozen=True)
class InstructionSettings:
    """Which instruction source a run pins: `model.InstructionModel`."""

    source: str = ""
    tool: Literal["codex", "claude_code", "copilot", "cursor", "gemini", "agents_md"] = "codex"
    stop_on_conflict: bool = True


@dataclass(frozen=True)
class RelaySettings:
    """What the relay holds coding agents to: `tables.agent.RelayModel`."""

    suspected_secrets: Literal["refuse", "pass"] = "refuse"
    max_output_tokens: int = 32_000
    breaker_s: float = 60.0
    calls_at_once: int = 64
    deadline_s: float = 3600.0
    idle_timeout_s: float = 600.0


@dataclass(frozen=True)
class AgentSettings:
    """What holds for a coding agent that writes a run's drafts: `tables.agent.AgentModel`."""

    command: str = ""
    time_limit_s: int = 1_800
    calls: int = 200
    readable: tuple[str, ...] = ()
    isolation: Literal["ask", "required"] = "ask"


@dataclass(frozen=True)
class WatchSettings:
    """What `watch` does if its options say nothing else: `tables.watch.WatchModel`."""

    every_s: int = 300
    level: int = 3
    webhook: str = ""
    webhook_token_ref: Reference | None = None


@dataclass(frozen=True)
class StoreSettings:
    """Where runs are kept, if this is not a file of this machine: `tables.store.StoreModel`."""

    url_ref: Reference


@dataclass(frozen=True)
class TeamSettings:
    """Who is told what happens to runs: `tables.team.TeamModel`."""

    webhook: str = ""
    webhook_token_ref: Reference | None = None


@dataclass(frozen=True)
class Profile:
    """One profile, checked and ready to use."""

    name: str
    gateway: GatewaySettings
    table: RouteTable
    source: str
    """Where the profile comes from: the file's path, or a phrase for the built-in sample."""
    is_built_in: bool
    policy: PolicySettings = PolicySettings()
    own_facts: tuple[FamilyFact, ...] = ()
    instructions: InstructionSettings = InstructionSettings()
    relay: RelaySettings = RelaySettings()
    agent: AgentSettings = AgentSettings()
    watch: WatchSettings = WatchSettings()
    facts: ModelFacts | None = None
    """The facts on models, if the operator installed tables; None means the built-in ones."""
    layer: ConfigLayer = ConfigLayer.USER
    """What named the file that the profile comes from."""
    is_of_repository: bool = False
    """Whether the file is a repository's: it is not trusted."""
    must_be_bound: tuple[Reference, ...] = ()
    """References whose token may be used only if its store binds it to this profile's origin."""
    kept: tuple[str, ...] = ()
    """The settings of a repository's config that the operator's own, which are stricter, replace."""
    lender: str = ""
    """The operator's own profile whose gateway a repository's profile uses; empty if there is none."""

    def check(self, today: date | None = None, environment: Mapping[str, str] | None = None) -> tuple[RouteCheck, ...]:
        """Check the route table offline, with all facts that hold for the profile's gateway.

        Args:
            today: The date in UTC, for the models' retirement; None checks none. The embedded gateway has no provider
                behind it, so nothing retires there.
            environment: The environment variables, in case they hold the gateway's address.

        """
        basis = CheckBasis(
            today=None if self.is_embedded else today,
            base=None if self.is_embedded else self.gateway.base(environment or {}),
            documentation=self.gateway.documentation,
            facts=self.facts,
        )
        return check(self.table, self.own_facts, basis)

    def budget(self) -> Budget:
        """Return the budget of a new session."""
        limits = Limits(self.policy.budget_tokens, microusd(self.policy.budget_usd))
        return Budget(BudgetScope.SESSION, limits)

    @property
    def is_embedded(self) -> bool:
        """Whether the profile runs on the embedded gateway."""
        return self.gateway.base_url == EMBEDDED
