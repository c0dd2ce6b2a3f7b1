"""The model of a config file: every setting with its type, its limits and its meaning.

pydantic reads a file's tables into these models; `settings` holds what the rest of the console uses, and the defaults.
`docs/config_schema.py` generates the published JSON Schema from them, with the meanings as descriptions.
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from console.domain.routes.role import Role
from console.domain.routes.route import ROUTE_LIMIT
from console.domain.routes.route_key import NAME_PATTERN, NAME_WORDS
from console.services.config.field_types import (
    BaseUrl,
    BaseUrlVariable,
    Commands,
    Date,
    DateOrEmpty,
    DocumentationName,
    Dollars,
    EndpointPath,
    Families,
    Family,
    FilePath,
    FileReference,
    Flag,
    HeaderName,
    HeaderValue,
    Line,
    ModelName,
    ModelPattern,
    ProfileName,
    RoleName,
    Seconds,
    SupportAddress,
    TokenReference,
    Tokens,
    Variable,
    Version,
    Withheld,
    some,
    unfit,
)
from console.services.config.settings import (
    EMBEDDED,
    GatewaySettings,
    InstructionSettings,
    PolicySettings,
)
from console.services.config.tables.agent import AgentModel, RelayModel
from console.services.config.tables.store import StoreModel
from console.services.config.tables.table import Table
from console.services.config.tables.team import TeamModel
from console.services.config.tables.watch import WatchModel
from console.services.gateway.address import version_fault
from console.services.gateway.options import Auth
from console.services.tokens.reference import Scheme


class GatewayModel(Table):
    """`[profiles.NAME.gateway]`: where the gateway is and how to call it."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["base_url"]}, {"required": ["base_url_ref"]}]})

    base_url: BaseUrl | None = GatewaySettings.base_url
    """`https://host[:port][/prefix]` without the endpoint path, `http://` on loopback only, or `sim:` for the
    embedded gateway. Set one of `base_url` and `base_url_ref`."""
    base_url_ref: BaseUrlVariable | None = Field(GatewaySettings.base_url_ref, validate_default=True)
    """`env:NAME`: the environment variable that holds the base URL."""
    token_ref: tuple[TokenReference, ...] = GatewaySettings.token_ref
    """Where to look for the token, in this order; the next reference is tried only if the token is absent. An empty
    list means that the gateway takes no token.

    - `env:NAME`: an environment variable.
    - `keyring://SERVICE/NAME`: the keyring of the operating system.
    - `file:/PATH`: a regular file that you own and no one else can read, such as a systemd credential.
    - `kernel:NAME`: the Linux session keyring, in memory only.
    - `vault:NAME`: the console's own encrypted file.
    - `cmd:['PROGRAM', 'ARGUMENT']`: what a program prints; in your own config file only.
    - `prompt:`: asked once on the terminal, kept in memory.
    - `sim:`: the embedded gateway's own token."""
    keyring: Literal["platform", "kwallet"] = GatewaySettings.keyring
    """The keyring behind `keyring://`: the platform's own (the Secret Service on Linux), or KWallet through its own
    interface if it offers no Secret Service."""
    vault_passphrase_ref: FileReference = GatewaySettings.vault_passphrase_ref
    """`file:/PATH`: a private file with the vault's passphrase, for machines where no one can type it. Without it, the
    console asks on the terminal."""
    auth: Auth = GatewaySettings.auth
    """The header that carries the token: `Authorization: Bearer …`, `x-api-key: …`, `api-key: …` as Azure takes it,
    `x-portkey-api-key: …` for Portkey, or `cf-aig-authorization: Bearer …` for Cloudflare's AI Gateway."""
    anthropic_version: Date = GatewaySettings.anthropic_version
    """The `anthropic-version` header, sent on the anthropic_messages family only."""
    headers: dict[HeaderName, HeaderValue] = Field({})
    """More headers for every call, such as a gateway's own routing headers. Never a token."""
    ca_file: FilePath = GatewaySettings.ca_file
    """A PEM file with certificate authorities to trust beside the system's. Verification cannot be switched off."""
    deadline_s: Seconds = GatewaySettings.deadline_s
    """The longest that one call may take in total, in seconds. Keep it wide: 4,096 tokens at 20 tokens a second take
    205 s. A call without a stream generates little or nothing and gets at most `idle_timeout_s`."""
    idle_timeout_s: Seconds = GatewaySettings.idle_timeout_s
    """The longest that a call may wait for the next bytes, in seconds: a stalled answer costs no more time. It counts
    from the request on, so it has to be longer than a model thinks in silence."""
    connect_timeout_s: Seconds = GatewaySettings.connect_timeout_s
    """The longest that connecting may take, in seconds."""
    concurrency: Annotated[int, Strict(), Field(ge=1, le=500)] = GatewaySettings.concurrency
    """The most calls in flight at once."""
    smoke_max_output_tokens: Annotated[int, Strict(), Field(ge=16, le=4096)] = GatewaySettings.smoke_max_output_tokens
    """The token limit of a smoke call. Reasoning counts towards it, so a low limit can leave no room for an answer."""
    documentation: DocumentationName = GatewaySettings.documentation
    """Whose documentation says which models belong on which endpoint family: a name that the console knows. If
    omitted, the gateway's host decides; name it for a proxy or a host of your own in front of that gateway."""
    support: SupportAddress = GatewaySettings.support
    """Where to report what the gateway does wrong: an https URL, or an e-mail address. `bundle` names it."""

    @field_validator("base_url_ref")
    @classmethod
    def _one_address(cls, variable: str | None, info: ValidationInfo) -> str | None:
        if "base_url" not in info.data or (variable is None) != (info.data["base_url"] is None):
            return variable
        if variable is None:
            raise PydanticCustomError("missing_one", "", {"names": ("base_url", "base_url_ref")})
        raise unfit("needs exactly one of base_url and base_url_ref; remove one of them")

    @field_validator("token_ref")
    @classmethod
    def _embedded_token_stays(cls, references: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        if info.data.get("base_url") not in (None, EMBEDDED) and Scheme.SIM in {each.scheme for each in references}:
            raise unfit('sim: is the embedded gateway\'s token; it works only with base_url = "sim:"')
        return references


class RouteModel(Table):
    """`[profiles.NAME.routes.ROLE.ROUTE]`: which other model can serve a role, on which endpoint family and path."""

    model: ModelName
    """The model name as the gateway knows it."""
    endpoint_family: Family
    """`responses`, `anthropic_messages` or `chat_completions`."""
    endpoint_path: EndpointPath
    """The path after the base URL, such as `/v1/responses`, with the query that some gateways need, such as
    `?api-version=2024-10-21`. Never a token."""
    served_as: tuple[Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)], ...] = ()
    """Other names that the gateway may report for this model: its aliases."""
    retires_with_provider: Flag = True
    """Whether the provider's retirement dates count for this model. Set it to false if the gateway serves the model
    from elsewhere, such as another cloud or its own machines: then a retirement is only noted."""


def _named_only(value: Any) -> Any:
    """Refuse what is not a table as a key that is not known: a misspelled setting is not a route's name."""
    if isinstance(value, dict):
        return value
    raise PydanticCustomError("extra_forbidden", "")


class RoleModel(RouteModel):
    """`[profiles.NAME.routes.ROLE]`: which model serves a role, on which endpoint family and path.

    A table in it is another route of the role, by its name: `[profiles.NAME.routes.writer.fast]` is `writer.fast`.
    A run uses the role's own route unless it is begun with another one.
    """

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, Annotated[RouteModel, BeforeValidator(_named_only)]]

    @property
    def named(self) -> dict[str, RouteModel]:
        """The role's other routes by their names."""
        return self.__pydantic_extra__

    @model_validator(mode="before")
    @classmethod
    def _has_its_own(cls, data: Any) -> Any:
        if isinstance(data, dict) and data and all(isinstance(value, dict) for value in data.values()):
            raise unfit(
                "has only named routes, and a run uses the role's own: add model, endpoint_family, endpoint_path"
            )
        return data

    @model_validator(mode="after")
    def _has_good_names(self) -> Self:
        bad = [name for name in self.named if re.fullmatch(NAME_PATTERN, name) is None]
        if bad:
            faults = [InitErrorDetails(type=unfit(NAME_WORDS), loc=(name,), input=None) for name in bad]
            raise ValidationError.from_exception_data("role", faults, hide_input=True)
        return self


def _few(routes: "dict[Role, RoleModel]") -> "dict[Role, RoleModel]":
    count = sum(1 + len(role.named) for role in routes.values())
    if count > ROUTE_LIMIT:
        raise unfit(f"has {count} routes; a profile has at most {ROUTE_LIMIT}. Move some into another profile")
    return routes


class FamilyFactModel(Table):
    """`[[profiles.NAME.family_facts]]`: your own row on which families serve which models on this gateway.

    Your rows come before the built-in ones, and the first one that matches decides.
    """

    pattern: ModelPattern
    """A regular expression to search for in the model's id, which is in lower case, without `vendor/` and `:suffix`."""
    allowed: Families
    """The endpoint families that serve these models."""
    required: Family | None = None
    """The one family that must be used; omit it if several work."""
    tools_with_reasoning: Family | None = None
    """The only family that takes function tools while the model reasons, if several are allowed."""
    source_url: Line = ""
    """Where you read it."""
    checked_on: DateOrEmpty = ""
    """The day you read it, such as 2026-11-22."""
    note: Line = ""
    """What you found, in one line."""

    @field_validator("required", "tools_with_reasoning")
    @classmethod
    def _is_allowed(cls, family: Any, info: ValidationInfo) -> Any:
        if family is not None and family not in info.data.get("allowed", (family,)):
            raise unfit("must be one of the allowed families")
        return family


class PolicyModel(Table):
    """`[profiles.NAME.policy]`: what must hold before a call or a run."""

    verification_max_age_days: Annotated[int, Strict(), Field(ge=1, le=3650)] = PolicySettings.verification_max_age_days
    """How many days a row of the verification table counts as verified."""
    require_verification: Flag = PolicySettings.require_verification
    """Whether every row must be fresh before a run."""
    publisher_token_available_to_writer: Withheld = PolicySettings.publisher_token_available_to_writer
    """Whether roles may reach a publisher's token: never. A run with one in its environment stops before anything is
    sent, whether this is declared or not."""
    cloudflare_token_available_to_writer: Withheld = PolicySettings.cloudflare_token_available_to_writer
    """Whether roles may reach a cloud's token, Cloudflare's or another one's: never, as above."""
    ci_token_available_to_writer: Flag = PolicySettings.ci_token_available_to_writer
    """Whether roles may reach a CI service's token, such as ACTIONS_RUNTIME_TOKEN: true only warns; false stops a run
    with one in its environment."""
    repository_token_available_to_writer: Flag = PolicySettings.repository_token_available_to_writer
    """Whether roles may reach a repository host's token, such as GITHUB_TOKEN: true only warns; false stops a run with
    one in its environment."""
    withheld_tokens: Annotated[tuple[Variable, ...], Field(max_length=64)] = PolicySettings.withheld_tokens
    """Names of further variables whose tokens no role may reach; * stands for any characters. They count as a
    publisher's."""
    ci_token_permissions: Literal["least-privilege for the job"] | None = PolicySettings.ci_token_permissions
    """What the repository's workflows may let their own token do. If declared, a workflow whose permissions are broad,
    undeclared or unknown breaks the CI boundary. If omitted, only a broken rule of `boundary` does."""
    ci_boundary: Literal["require", "person", "note"] = PolicySettings.ci_boundary
    """What a run does if the repository's workflows break the CI boundary, as `boundary` shows it: `require` stops it
    before anything is sent, `person` lets a person decide after the preflight, `note` only records it."""
    budget_tokens: Tokens | None = PolicySettings.budget_tokens
    """The most tokens, input and output, that one session may use, or one run across all its sessions. A call that
    could exceed it is not made."""
    budget_usd: Dollars | None = PolicySettings.budget_usd
    """The most US dollars that one session or one run may cost, at the gateway's own prices. If it is set, a model
    without a known price is not called."""
    threshold: Annotated[int, Strict(), Field(ge=0, le=100)] | None = PolicySettings.threshold
    """The lowest total, out of 100, at which a reviewed draft is ready. If omitted, the rubric's own."""
    rubric: FilePath = PolicySettings.rubric
    """A TOML file with the criteria that reviewers score by, instead of the built-in ones."""
    max_attempts: Annotated[int, Strict(), Field(ge=1, le=20)] = PolicySettings.max_attempts
    """The most writer passes in one run, including the first. If the last one needs a revision, the run is blocked."""
    independence: Annotated[int, Strict(), Field(ge=0, le=3)] = PolicySettings.independence
    """How independent a judge must be of what it judges: 0 the same call, 1 another call, 2 another model, 3 another
    vendor's model. It is checked again against the model that the gateway says served each call."""
    unproven_independence: Literal["ask", "block", "accept"] = PolicySettings.unproven_independence
    """What a run does if independence needs two models, but a name may be an alias and the gateway does not say of
    which model: `ask` lets a person decide, `block` ends the run, `accept` takes the names as they are."""
    preflight_level: Annotated[int, Strict(), Field(ge=3, le=5)] = PolicySettings.preflight_level
    """How far the preflight proves each route of a run, and the fallback before a role moves to it: 3 the key and the
    path, without generating; 4 also with one short paid call, which shows the model that answers; 5 also with one in
    the role's own form. What the paid calls take counts towards the run's budget."""
    four_eyes: Flag = PolicySettings.four_eyes
    """Whether the candidate needs an operator other than the one who began the run or approved its draft. Each signs
    with the private key of operator_key, through `ssh-keygen` or its agent, and must be listed in allowed_signers."""
    operator_key: FilePath = PolicySettings.operator_key
    """Your public SSH key file, such as `~/.ssh/id_ed25519.pub`; its fingerprint names you in records. With it, each
    decision and the end of a run are signed as a checkpoint; without it, a record has its chain only."""
    allowed_signers: FilePath = PolicySettings.allowed_signers
    """The file that lists whose signatures count, in the format that `man ssh-keygen` describes."""
    revoked_signers: FilePath = PolicySettings.revoked_signers
    """The file of revoked keys, whose signatures never count: public keys, or a KRL of `ssh-keygen -k`."""
    retention_days: Annotated[int, Strict(), Field(ge=30, le=36500)] = PolicySettings.retention_days
    """How many days a run that is over is kept after its last line. `record prune` deletes older ones; nothing else
    does."""
    history_days: Annotated[int, Strict(), Field(ge=0, le=3650)] = PolicySettings.history_days
    """How many days `history` keeps how checks, calls and runs ended; 0 keeps nothing."""
    run_tokens: Tokens | None = PolicySettings.run_tokens
    """The most tokens, input and output, that one run may use."""
    run_usd: Dollars | None = PolicySettings.run_usd
    """The most US dollars that one run may cost, at the gateway's own prices."""
    attempt_tokens: Tokens | None = PolicySettings.attempt_tokens
    """The most tokens that one writer pass with its reviews may use."""
    attempt_usd: Dollars | None = PolicySettings.attempt_usd
    """The most US dollars that one writer pass with its reviews may cost."""
    require_price: Flag = PolicySettings.require_price
    """Whether the preflight stops a run if the gateway publishes prices, but none for a route's model."""
    require_listed_model: Flag = PolicySettings.require_listed_model
    """Whether the preflight stops a run if the gateway lists its models, but not a route's. Set it to false if its list
    is known to be partial. A list that is absent, or was not read to its end, stops nothing, and neither does a model
    that is listed under another date, matches a pattern such as `openai/*`, or has answered a paid rung."""
    run_max_output_tokens: Annotated[int, Strict(), Field(ge=256, le=131072)] = PolicySettings.run_max_output_tokens
    """The token limit of each call of a run. Reasoning counts towards it."""
    checks: Commands = PolicySettings.checks
    """Your own commands to run on the patched files before any model reviews them, such as `pytest -q`. They run
    without a shell and without your tokens, and only after you confirm them for the run. If the draft touches test
    files, they run once more with the repository's own copies: what passes only with the draft's needs a person."""
    check_timeout_s: Seconds = PolicySettings.check_timeout_s
    """The longest that one of these commands may take, in seconds."""


class InstructionModel(Table):
    """`[profiles.NAME.instructions]`: which instruction source a run pins."""

    source: Annotated[str, StringConstraints(strict=True, max_length=200)] = InstructionSettings.source
    """The file that must be the primary source, such as AGENTS.md; if omitted, whatever the tool reads first."""
    tool: Literal["codex", "claude_code", "copilot", "cursor", "gemini", "agents_md"] = InstructionSettings.tool
    """The coding agent whose rules decide which files are read."""
    stop_on_conflict: Flag = InstructionSettings.stop_on_conflict
    """Whether a conflict between sources ends the run. If not, the run waits for an operator's reason."""


class ProfileModel(Table):
    """`[profiles.NAME]`: one gateway, its token reference, its route table and its policy."""

    gateway: GatewayModel
    """Where the gateway is and how to call it."""
    routes: Annotated[
        dict[RoleName, RoleModel],
        some("names no route; add at least one, such as [profiles.NAME.routes.writer]"),
        AfterValidator(_few),
        Field(json_schema_extra={"minProperties": 1}),
    ]
    """Which model serves each role; at least one role needs a route."""
    policy: PolicyModel = PolicyModel()
    """What must hold before a call or a run."""
    instructions: InstructionModel = InstructionModel()
    """Which instruction source a run pins."""
    relay: RelayModel = RelayModel()
    """What the relay holds coding agents to."""
    agent: AgentModel = AgentModel()
    """What holds for a coding agent that writes the drafts of a run."""
    watch: WatchModel = WatchModel()
    """What `watch` does if its options say nothing else."""
    family_facts: tuple[FamilyFactModel, ...] = ()
    """Your own rows on which families serve which models on this gateway."""

    @model_validator(mode="after")
    def _has_one_version(self) -> Self:
        base_url = self.gateway.base_url or EMBEDDED
        paths: dict[tuple[str, ...], str] = {(role.value,): route.endpoint_path for role, route in self.routes.items()}
        paths |= {
            (role.value, name): route.endpoint_path
            for role, own in self.routes.items()
            for name, route in own.named.items()
        }
        found = {steps: version_fault(base_url, path) for steps, path in paths.items()}
        clashes = {steps: words for steps, words in found.items() if words is not None}
        if clashes:
            faults = [
                InitErrorDetails(type=unfit(words), loc=("routes", *steps, "endpoint_path"), input=None)
                for steps, words in clashes.items()
            ]
            if len(clashes) == len(found):
                faults = [InitErrorDetails(type=faults[0]["type"], loc=("gateway", "base_url"), input=None)]
            raise ValidationError.from_exception_data("profile", faults, hide_input=True)
        return self


class FileModel(Table):
    """A gateway-console config file: profiles of gateways, their route tables and policies."""

    version: Version = Field(alias="schema")
    """The version of this file's format: 1."""
    default_profile: Annotated[str, Strict()]
    """The profile to use if `--profile` names none."""
    profiles: dict[ProfileName, ProfileModel]
    """The profiles by name."""
    store: StoreModel | None = None
    """The PostgreSQL database in which operators and machines share runs; without it, a file of this machine."""
    team: TeamModel = TeamModel()
    """Who is told what your console does to a run."""
