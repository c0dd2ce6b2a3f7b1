"""Settings: every setting is a typed field with its meaning beneath; `config_file` reads them from a file."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from console.domain.money import Budget, BudgetScope, Limits, microusd
from console.domain.routes.contract import RouteCheck, check
from console.domain.routes.model_family import FamilyFact
from console.domain.routes.route import RouteTable
from console.domain.verification import MAX_AGE_DAYS

EMBEDDED = "sim:"
"""The base URL and the token reference of the embedded gateway."""

Seconds = Annotated[float, Meta(gt=0, le=3600)]
Usd = Annotated[float, Meta(ge=0, le=1_000_000_000)]


class GatewaySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[profiles.NAME.gateway]`: where the gateway is and how to call it."""

    base_url: str | UnsetType = UNSET
    """`https://host[:port][/prefix]` without the endpoint path, `http://` on loopback only, or `sim:` for the
    embedded gateway. One of `base_url` and `base_url_ref` is needed."""
    base_url_ref: str | UnsetType = UNSET
    """`env:NAME`: the environment variable that holds the base URL."""
    token_ref: list[str] = []
    """Where the token is, in the order in which to ask. Only an absent token moves on to the next reference. An empty
    list means that the gateway takes no token.

    - `env:NAME`: an environment variable.
    - `keyring://SERVICE/NAME`: the keyring of the operating system.
    - `file:/PATH`: a regular file of your own that nobody else can read, such as systemd's credentials.
    - `kernel:NAME`: the session keyring of Linux, in memory only.
    - `vault:NAME`: the console's own encrypted file.
    - `cmd:['PROGRAM', 'ARGUMENT']`: what a program prints; from your own config file only.
    - `prompt:`: asked once on the terminal, kept in memory.
    - `sim:`: the embedded gateway's own token."""
    keyring: Literal["platform", "kwallet"] = "platform"
    """The keyring that `keyring://` means: the platform's own, which is the Secret Service on Linux, or KWallet by its
    own interface where it offers no Secret Service."""
    vault_passphrase_ref: str = ""
    """`file:/PATH`: a private file with the vault's passphrase, for machines where nobody can type it. Without one it
    is asked for on the terminal."""
    auth: Literal["bearer", "x-api-key"] = "bearer"
    """The header that carries the token: `Authorization: Bearer …` or `x-api-key: …`."""
    anthropic_version: Annotated[str, Meta(pattern=r"\A\d{4}-\d{2}-\d{2}\Z")] = "2023-06-01"
    """The `anthropic-version` header, sent on the anthropic_messages family only."""
    headers: dict[str, str] = {}
    """More headers for every call, such as a gateway's own routing headers. Never a token."""
    ca_file: str | None = None
    """A PEM file with certificate authorities to trust beside the system's. Verification cannot be switched off."""
    deadline_s: Seconds = 60.0
    """The longest that one call may take in all, in seconds."""
    connect_timeout_s: Seconds = 10.0
    """The longest that connecting may take, in seconds."""
    concurrency: Annotated[int, Meta(ge=1, le=500)] = 8
    """The most calls in flight at once."""
    smoke_max_output_tokens: Annotated[int, Meta(ge=16, le=4096)] = 256
    """The token limit of a smoke call. Reasoning counts into it, so a low limit can leave no room for an answer."""


class RouteSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[profiles.NAME.routes.ROLE]`: which model serves a role, on which endpoint family and path."""

    model: Annotated[str, Meta(min_length=1, max_length=200)]
    """The model name as the gateway knows it."""
    endpoint_family: str
    """`responses`, `anthropic_messages` or `chat_completions`."""
    endpoint_path: Annotated[str, Meta(max_length=400)]
    """The path after the base URL, such as `/v1/responses`."""
    served_as: list[Annotated[str, Meta(min_length=1, max_length=200)]] = []
    """Other names under which the gateway may answer for this model: its aliases."""


class FamilyFactSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[profiles.NAME.family_facts]]`: a row of your own on which families serve which models on this gateway.

    Your rows come before the built-in ones, and the first one that matches decides.
    """

    pattern: Annotated[str, Meta(min_length=1, max_length=200)]
    """A regular expression that is searched in the model's id, in lower case and without `vendor/` and `:suffix`."""
    allowed: list[str]
    """The endpoint families that serve these models."""
    required: str | UnsetType = UNSET
    """The one family that has to be used; left out where several do."""
    tools_with_reasoning: str | UnsetType = UNSET
    """The only family that takes function tools while the model reasons, where that is one of several."""
    source_url: Annotated[str, Meta(max_length=400)] = ""
    """Where you read it."""
    checked_on: Annotated[str, Meta(pattern=r"\A(\d{4}-\d{2}-\d{2})?\Z")] = ""
    """The day on which you read it, such as 2026-11-22."""
    note: Annotated[str, Meta(max_length=400)] = ""


class PolicySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[profiles.NAME.policy]`: what has to hold before a call and before a run."""

    verification_max_age_days: Annotated[int, Meta(ge=1, le=3650)] = MAX_AGE_DAYS
    """How many days a row of the verification table counts as verified."""
    require_verification: bool = False
    """Whether every row has to be fresh before a run."""
    withheld_tokens: Annotated[list[Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_*]{1,80}\Z")]], Meta(max_length=64)] = []
    """Further variables whose tokens no role may reach, by name; * stands for any characters."""
    budget_tokens: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    """The most tokens, input and output, that one session may take, and one run over all sessions that step it. A call
    that could go over it is not made."""
    budget_usd: Usd | UnsetType = UNSET
    """The most US dollars that one session or one run may take, by the gateway's own prices. With it, a model without a
    known price is not called."""
    threshold: Annotated[int, Meta(ge=0, le=100)] | UnsetType = UNSET
    """The least total, of 100, with which a reviewed draft is ready. Left out, it is the rubric's own."""
    rubric: str = ""
    """A TOML file with the criteria that reviewers score by, in place of the built-in ones."""
    max_attempts: Annotated[int, Meta(ge=1, le=20)] = 3
    """Writer passes in one run, the first one included. A revision after the last one blocks the run."""
    independence: Annotated[int, Meta(ge=0, le=3)] = 2
    """How independent judges have to be of what they judge: 0 the same call, 1 another call, 2 another model,
    3 another vendor's model. It is proven again on what the gateway says that served each call."""
    four_eyes: bool = False
    """Whether the candidate needs another operator than who began the run or passed its draft. Each signs with the
    private key of operator_key, by `ssh-keygen` or its agent, and has to be listed in allowed_signers."""
    operator_key: str = ""
    """Your public SSH key file, such as `~/.ssh/id_ed25519.pub`; its fingerprint names you in records."""
    allowed_signers: str = ""
    """The file that lists whose signatures count under four_eyes, as `man ssh-keygen` describes it."""
    run_tokens: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    """The most tokens, input and output, that one run may take; run_usd, attempt_tokens and attempt_usd likewise."""
    run_usd: Usd | UnsetType = UNSET
    attempt_tokens: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    attempt_usd: Usd | UnsetType = UNSET
    require_price: bool = True
    """Whether a run stops at its preflight where the gateway names prices, and none for a route's model."""
    run_max_output_tokens: Annotated[int, Meta(ge=256, le=131072)] = 4096
    """The token limit of each call of a run. Reasoning counts into it."""
    checks: list[Annotated[str, Meta(min_length=1, max_length=400)]] = []
    """Commands of your own that run on the patched files before any model reviews them, such as `pytest -q`. They are
    run without a shell and without your tokens, and only after you confirmed them for the run."""
    check_timeout_s: Seconds = 300.0
    """The longest that one of these commands may take, in seconds."""


class InstructionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[profiles.NAME.instructions]`: which instruction source a run pins."""

    source: Annotated[str, Meta(max_length=200)] = ""
    """The file that has to be the primary source, such as AGENTS.md; left out, whatever the tool reads first."""
    tool: Literal["codex", "claude_code", "copilot", "cursor", "gemini", "agents_md"] = "codex"
    """The coding agent whose rules say which files are read."""
    stop_on_conflict: bool = True
    """Whether a conflict between sources ends the run, or waits for a person's reason."""


class ProfileSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[profiles.NAME]`: one gateway, its token reference, its route table and its policy."""

    gateway: GatewaySettings
    routes: dict[str, RouteSettings]
    policy: PolicySettings = PolicySettings()
    instructions: InstructionSettings = InstructionSettings()
    family_facts: list[FamilyFactSettings] = []


class FileSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole config file."""

    schema: Literal[1]
    """The version of this file's form."""
    default_profile: str
    """The profile that is used where `--profile` names none."""
    profiles: dict[str, ProfileSettings]


class Profile(Struct, frozen=True):
    """One profile, checked and ready to use."""

    name: str
    gateway: GatewaySettings
    table: RouteTable
    source: str
    """Where the profile comes from: the file's path, or words for the built-in sample."""
    is_built_in: bool
    policy: PolicySettings = PolicySettings()
    own_facts: tuple[FamilyFact, ...] = ()
    instructions: InstructionSettings = InstructionSettings()

    def check(self) -> tuple[RouteCheck, ...]:
        """Check the route table offline, with the profile's own facts."""
        return check(self.table, self.own_facts)

    def budget(self) -> Budget:
        """Return the budget of a new session."""
        tokens, usd = self.policy.budget_tokens, self.policy.budget_usd
        limits = Limits(tokens if isinstance(tokens, int) else None, microusd(usd) if isinstance(usd, float) else None)
        return Budget(BudgetScope.SESSION, limits)

    @property
    def is_embedded(self) -> bool:
        """Whether the profile runs on the embedded gateway."""
        return self.gateway.base_url == EMBEDDED
