"""A repository's config: what it may say, and every way in which it could reach for what is not its own."""

import os
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from support.config import config_table, route, write_config

from console.domain.problem import Problem
from console.domain.routes.route import RouteTable
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.config.own_config import REPOSITORY_CONFIG
from console.services.config.precedence import (
    CONFIG_VARIABLE,
    PROFILE_VARIABLE,
    Request,
    choose,
    load_chosen,
    load_sweep,
)
from console.services.config.repository_config import load_repository_profile, repository_config
from console.services.config.settings import (
    AgentSettings,
    ConfigLayer,
    GatewaySettings,
    InstructionSettings,
    PolicySettings,
    Profile,
    RelaySettings,
)
from console.services.config.stricter import RULES, stricter
from console.services.config.toml_text import ConfigError
from console.services.setup.config_place import look_at
from console.services.tokens.reference import Reference
from console.services.tokens.resolve import resolve_token
from console.services.tokens.sources import TokenAnswer

ORIGIN = "https://gw.example"
OTHER = "https://evil.example"


class Place:
    """A home with a config of the operator's own, and a repository."""

    def __init__(self, at: Path) -> None:
        self.home, self.repository = at / "home", at / "repository"
        (self.repository / ".git").mkdir(parents=True)
        self.home.mkdir()
        self.environment = {"HOME": str(self.home)}

    def own(self, gateway: Mapping[str, Any], **more: Any) -> Path:
        path = self.home / ".config" / "gateway-console" / "config.toml"
        return write_config(path, config_table(gateway, profile="mine", **more))

    def theirs(self, gateway: Mapping[str, Any], extra: Mapping[str, Any] = {}, **more: Any) -> Path:
        table = config_table(gateway, profile="theirs", **more)
        table["profiles"]["theirs"] |= extra
        return write_config(self.repository / REPOSITORY_CONFIG, table)

    def request(self, profile: str | None = "theirs", **more: Any) -> Request:
        return replace(Request(self.environment, None, profile, self.repository), **more)

    def load(self, profile: str | None = "theirs") -> Profile:
        return load_chosen(self.request(profile))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_flag_comes_before_a_variable_this_before_the_own_config_and_this_before_the_repositorys(
    place: Place, tmp_path: Path
) -> None:
    place.theirs({"base_url": ORIGIN})
    assert choose(place.request(None)).layer is ConfigLayer.REPOSITORY
    own = place.own({"base_url": ORIGIN})
    assert choose(place.request(None)).path == own
    assert choose(place.request("theirs")).layer is ConfigLayer.REPOSITORY
    named = place.environment | {PROFILE_VARIABLE: "theirs"}
    assert choose(place.request(None, environment=named)).layer is ConfigLayer.REPOSITORY
    assert choose(place.request("mine", environment=named)).path == own
    by_variable, by_flag = tmp_path / "v.toml", tmp_path / "f.toml"
    named = named | {CONFIG_VARIABLE: str(by_variable)}
    chosen = choose(place.request(None, environment=named))
    assert (chosen.layer, chosen.path, chosen.profile) == (ConfigLayer.ENVIRONMENT, by_variable, "theirs")
    assert choose(place.request(None, environment=named, config=by_flag)).path == by_flag
    with pytest.raises(ConfigError, match="unknown profile"):
        choose(place.request("nowhere"))


def test_the_own_profile_of_a_name_hides_the_repositorys_and_a_broken_own_config_lets_none_through(
    place: Place,
) -> None:
    place.own({"base_url": ORIGIN})
    table = config_table({"base_url": OTHER}, profile="mine")
    write_config(place.repository / REPOSITORY_CONFIG, table)
    assert place.load("mine").gateway.base_url == ORIGIN
    place.own({"base_url": ORIGIN}).write_text("schema = ")
    for name in ("mine", "theirs", None):
        with pytest.raises(ConfigError, match="not valid TOML"):
            place.load(name)


def test_a_sweep_takes_no_profile_of_a_repository_for_an_own_one_of_that_name(place: Place) -> None:
    place.own({"base_url": ORIGIN})
    table = config_table({"base_url": OTHER}, profile="mine")
    table["profiles"] |= config_table({"base_url": OTHER}, profile="theirs")["profiles"]
    write_config(place.repository / REPOSITORY_CONFIG, table)
    with pytest.raises(ConfigError, match="mine is of another config"):
        load_sweep(place.request(None), ["theirs", "mine"])
    assert [each.name for each in load_sweep(place.request(None), ["theirs"])] == ["theirs"]


def test_the_innermost_repository_counts_and_nothing_above_its_root(place: Place) -> None:
    inner = place.repository / "vendor" / "module"
    (inner / "deep").mkdir(parents=True)
    assert repository_config(inner / "deep") == place.repository / REPOSITORY_CONFIG
    (inner / ".git").write_text("gitdir: ../../.git/modules/module\n")  # as in a submodule
    assert repository_config(inner / "deep") == inner / REPOSITORY_CONFIG
    assert repository_config(place.home) is None


REFERENCES = ("env:CI_TOKEN", "file:/run/secrets/token", "cmd:['pass', 'gw']", "prompt:")


@pytest.mark.parametrize("reference", REFERENCES)
def test_an_own_profile_lends_a_reference_for_its_own_origin_and_no_other(place: Place, reference: str) -> None:
    place.own({"base_url": f"{ORIGIN}/prefix", "token_ref": [reference]})
    place.theirs({"base_url": "https://GW.example:443", "token_ref": [reference]})
    lent = place.load()
    assert (lent.gateway.token_ref, lent.must_be_bound) == ((Reference.parse(reference),), ())
    assert (lent.lender, lent.layer, lent.is_of_repository) == ("mine", ConfigLayer.REPOSITORY, True)
    for address in (OTHER, f"{ORIGIN}:8443", "http://127.0.0.1:1", "https://gw.example.evil.example"):
        place.theirs({"base_url": address, "token_ref": [reference]})
        with pytest.raises(ConfigError, match=r"token_ref, entry 1: (env|file|cmd|prompt): could send your token"):
            place.load()


CLOUDFLARE = "https://gateway.ai.cloudflare.com"


@pytest.mark.parametrize("reference", ["env:CF_TOKEN", "keyring://gateway-console/cf"])
@pytest.mark.parametrize(
    ("base", "path", "is_own"),
    [
        ("/v1/mine/gw", "/openai/responses", True),
        ("", "/v1/mine/gw/anthropic/v1/messages", True),
        ("/v1/evil/gw", "/openai/responses", False),
        ("", "/v1/evil/gw/custom-evil/v1/responses", False),
        ("/v1/mine/other", "/openai/responses", False),
        ("", "/v2/evil/responses", False),
    ],
)
def test_a_shared_hosts_path_names_no_account_that_the_operator_did_not(
    place: Place, reference: str, base: str, path: str, is_own: bool
) -> None:
    here = {"writer": route(path="/openai/responses")}
    place.own({"base_url": f"{CLOUDFLARE}/v1/mine/gw", "token_ref": [reference]}, routes=here)
    there = {"writer": route("m", "anthropic_messages" if path.endswith("messages") else "responses", path)}
    place.theirs({"base_url": f"{CLOUDFLARE}{base}", "token_ref": [reference]}, routes=there)
    if is_own:
        assert place.load().lender == "mine"
    else:
        with pytest.raises(ConfigError, match="an account that this repository chose"):
            place.load()


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_an_own_config_that_others_can_write_lends_nothing(place: Place, mode: int) -> None:
    place.own({"base_url": ORIGIN, "token_ref": ["prompt:"]}).chmod(mode)
    place.theirs({"base_url": ORIGIN, "token_ref": ["prompt:"]})
    with pytest.raises(ConfigError, match="could send your token"):
        place.load()


def test_the_policy_of_an_own_config_that_lends_nothing_is_the_floor_all_the_same(place: Place) -> None:
    own = place.own({"base_url": OTHER, "token_ref": []}, policy={"four_eyes": True, "budget_usd": 1.0})
    path = place.theirs({"base_url": ORIGIN}, policy={"four_eyes": False, "budget_usd": 9.0})
    (own.parent / ".git").mkdir()  # as where the settings of a home are kept in git
    assert (place.load().policy.four_eyes, place.load().policy.budget_usd) == (True, 1.0)
    own.chmod(0o666)
    assert place.load().policy.four_eyes
    for text in ("schema = ", own.read_text().replace("budget_usd", "budget_us")):
        own.write_text(text)
        with pytest.raises(ConfigError, match=r"/config\.toml"):
            load_chosen(place.request(config=path))


REACHES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another variable's address": (
        {"base_url_ref": "env:OTHER_URL"},
        {},
        "base_url_ref: a repository's config may name",
    ),
    "authorities": ({"base_url": ORIGIN, "ca_file": "ca.pem"}, {}, "which certificate authorities"),
    "a passphrase": ({"base_url": ORIGIN, "vault_passphrase_ref": "file:/p"}, {}, "passphrase"),
    "a header": ({"base_url": ORIGIN, "headers": {"x-portkey-custom-host": OTHER}}, {}, "lead a call elsewhere"),
    "a password": ({"base_url": "https://a:b@gw.example"}, {}, "user name or password"),
    "another alphabet": ({"base_url": "https://gw.ехаmple"}, {}, "xn--"),
    "documentation": ({"base_url": ORIGIN, "documentation": "cometapi"}, {}, "whose documentation"),
    "support": ({"base_url": ORIGIN, "support": "help@evil.example"}, {}, "where failures are reported"),
    "aliases": (
        {"base_url": ORIGIN},
        {"routes": {"writer": route() | {"served_as": ["cheaper"]}}},
        "hide what really answers",
    ),
    "retired models": (
        {"base_url": ORIGIN},
        {"routes": {"writer": route() | {"retires_with_provider": False}}},
        "hide what really answers",
    ),
    "checks": ({"base_url": ORIGIN}, {"policy": {"checks": ["make"]}}, "checks are programs"),
    "an agent": ({"base_url": ORIGIN}, {"agent": {"command": "make"}}, "it is a program"),
    "directories": ({"base_url": ORIGIN}, {"agent": {"readable": ["~/.ssh"]}}, "opens directories"),
    "a key": ({"base_url": ORIGIN}, {"policy": {"operator_key": "k.pub"}}, "names a file of this machine"),
    "signers": ({"base_url": ORIGIN}, {"policy": {"allowed_signers": "s"}}, "names a file of this machine"),
    "a rubric": ({"base_url": ORIGIN}, {"policy": {"rubric": "/etc/passwd"}}, "names a file of this machine"),
    "a webhook": ({"base_url": ORIGIN}, {"watch": {"webhook": f"{OTHER}/"}}, "where changes are sent"),
    "a webhook's variable": ({"base_url": ORIGIN}, {"watch": {"webhook": "env:HOOK"}}, "where changes are sent"),
    "a webhook's token": (
        {"base_url": ORIGIN},
        {"watch": {"webhook_token_ref": "env:OPENAI_API_KEY"}},
        "with which token",
    ),
    "facts": ({"base_url": ORIGIN}, {"family_facts": [{"pattern": "m", "allowed": ["responses"]}]}, "which families"),
}


@pytest.mark.parametrize("reach", REACHES)
def test_what_a_repository_may_not_say_is_refused_at_its_line(place: Place, reach: str) -> None:
    gateway, extra, words = REACHES[reach]
    place.own({"base_url": ORIGIN, "token_ref": ["prompt:"]})
    place.theirs(gateway, extra)
    with pytest.raises(ConfigError, match=words) as refused:
        place.load()
    assert all(fault.line is not None for fault in refused.value.faults)


def _link(path: Path) -> None:
    path.rename(path.with_name("real.toml"))
    path.symlink_to("real.toml")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _huge(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(100_000_000)


def _foreign(path: Path) -> None:
    os.chown(path, 12345, -1)


def _foreign_repository(path: Path) -> None:
    os.chown(path.parent, 12345, -1)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a symbolic link": (_link, "symbolic link"),
    "a pipe": (_pipe, "not a regular file"),
    "100 MB": (_huge, "larger than 512 kB"),
    "written by anyone": (lambda path: path.chmod(0o666), "others can write this file"),
    "of another user": (_foreign, "another user owns this file"),
    "in another user's repository": (_foreign_repository, "another user owns this repository"),
}
_AS_ROOT = {"of another user", "in another user's repository"}


@pytest.mark.parametrize("kind", [kind for kind in FILES if os.geteuid() == 0 or kind not in _AS_ROOT])
@pytest.mark.parametrize("has_own", [True, False])
def test_a_file_that_someone_else_may_have_put_there_is_not_read(place: Place, kind: str, has_own: bool) -> None:
    if has_own:
        place.own({"base_url": ORIGIN})
    change, words = FILES[kind]
    change(place.theirs({"base_url": ORIGIN}))
    with pytest.raises(ConfigError, match=words):
        place.load()
    if has_own:
        assert place.load("mine").gateway.base_url == ORIGIN  # the own profile does not need it


def test_a_repositorys_config_is_not_trusted_whoever_names_it_and_by_whatever_name(
    place: Place, tmp_path: Path
) -> None:
    path = place.theirs({"base_url": OTHER, "token_ref": ["prompt:"]})
    (tmp_path / "innocent.toml").symlink_to(path)
    for named in (path, tmp_path / "innocent.toml"):
        with pytest.raises(ConfigError):
            load_chosen(place.request(config=named))


def test_a_relative_config_in_a_working_directory_that_is_gone_is_said_to_be_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gone := tmp_path / "gone").mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert Request.here({}).directory is None
    for use in (lambda: Request.here({}, Path("x.toml")), lambda: look_at(Path("x.toml"), None)):
        with pytest.raises(Problem, match="working directory was deleted"):
            use()


class Store:
    """A source whose one token is bound to an origin, or to none."""

    def __init__(self, origin: str | None) -> None:
        self.origin = origin

    async def ask(self, reference: Reference, origin: str | None) -> TokenAnswer:
        return TokenAnswer(TokenState.FOUND, Secret("canary-token-of-a-store"), source="store", origin=self.origin)


@pytest.mark.parametrize(
    ("bound", "state"), [(f"{ORIGIN}:443", TokenState.FOUND), (None, TokenState.REFUSED), (OTHER, TokenState.REFUSED)]
)
async def test_a_stored_token_is_used_only_if_it_is_bound_to_the_repositorys_gateway(
    place: Place, bound: str | None, state: TokenState
) -> None:
    place.theirs({"base_url": ORIGIN, "token_ref": ["keyring://gateway-console/acme"]})
    profile = place.load()
    sources: Any = Store(bound)
    found = await resolve_token(
        profile.gateway.token_ref, sources, f"{ORIGIN}:443", must_be_bound=profile.must_be_bound
    )
    assert (found.event.state, found.secret is None) == (state, state is not TokenState.FOUND)
    assert "rebind" not in found.event.advice


def test_the_lender_gives_what_its_gateway_needs_and_its_policy_is_the_floor(place: Place) -> None:
    place.own(
        {
            "base_url": ORIGIN,
            "token_ref": ["prompt:"],
            "headers": {"x-team": "a"},
            "ca_file": "/ca.pem",
            "concurrency": 2,
        },
        policy={"budget_usd": 1.0, "independence": 3, "operator_key": "/k.pub"},
    )
    policy = {"budget_usd": 50.0, "max_attempts": 1, "require_price": False, "threshold": 10}
    place.theirs({"base_url": ORIGIN, "headers": {"X-Team": "a"}, "concurrency": 500}, policy=policy)
    profile = place.load()
    assert profile.gateway.concurrency == 2
    assert (profile.gateway.headers, str(profile.gateway.ca_file)) == ({"x-team": "a"}, "/ca.pem")
    found = profile.policy
    assert (found.budget_usd, found.max_attempts, found.require_price, found.threshold) == (1.0, 1, True, None)
    assert (found.independence, str(found.operator_key)) == (3, "/k.pub")
    assert profile.kept == ("policy.budget_usd", "policy.threshold", "policy.require_price")


def test_every_setting_has_a_rule_of_which_value_is_stricter() -> None:
    kinds = {
        type(value) for value in vars(Profile("p", GatewaySettings(), RouteTable(()), "", is_built_in=False)).values()
    }
    assert {kind for kind in kinds if kind.__name__.endswith("Settings")} - {GatewaySettings} == set(RULES)
    for kind, rules in RULES.items():
        assert set(rules) == {field.name for field in fields(kind)}


_POLICIES = st.builds(
    PolicySettings,
    budget_usd=st.none() | st.floats(0, 100),
    threshold=st.none() | st.integers(0, 100),
    max_attempts=st.integers(1, 20),
    independence=st.integers(0, 3),
    unproven_independence=st.sampled_from(["ask", "block", "accept"]),
    ci_boundary=st.sampled_from(["require", "person", "note"]),
    require_price=st.booleans(),
    four_eyes=st.booleans(),
    withheld_tokens=st.lists(st.sampled_from(["A", "B", "C"])).map(tuple),
)
_NAMES = st.sets(st.sampled_from([field.name for field in fields(PolicySettings)]))


@given(_POLICIES, _POLICIES, _NAMES)
def test_nothing_that_a_repository_says_loosens_the_policy(
    own: PolicySettings, theirs: PolicySettings, written: set[str]
) -> None:
    found, _ = stricter(own, theirs, written)
    assert (found.budget_usd is None) <= (own.budget_usd is None)
    assert own.budget_usd is None or (found.budget_usd or 0) <= own.budget_usd
    assert (found.threshold if found.threshold is not None else 75) >= (
        own.threshold if own.threshold is not None else 75
    )
    assert found.max_attempts <= own.max_attempts
    assert found.independence >= own.independence
    assert found.require_price >= own.require_price
    assert found.four_eyes >= own.four_eyes
    assert set(found.withheld_tokens) >= set(own.withheld_tokens)
    assert stricter(found, theirs, written)[0] == found  # saying it twice changes nothing


def test_a_rubric_and_an_instruction_source_of_the_operators_are_not_replaced() -> None:
    own = PolicySettings(rubric=Path("/strict.toml"))  # its threshold may be 95
    assert stricter(own, PolicySettings(threshold=80), {"threshold"}) == (own, ("threshold",))
    pinned = InstructionSettings(source="AGENTS.md")
    assert stricter(pinned, InstructionSettings(source="EVIL.md"), {"source"}) == (pinned, ("source",))


def test_agents_and_the_relay_are_tightened_too() -> None:
    agent, _ = stricter(AgentSettings(isolation="required", calls=5), AgentSettings(calls=9), {"isolation", "calls"})
    assert (agent.isolation, agent.calls) == ("required", 5)
    relay, kept = stricter(RelaySettings(), RelaySettings(suspected_secrets="pass"), {"suspected_secrets"})
    assert (relay.suspected_secrets, kept) == ("refuse", ("suspected_secrets",))


def test_how_a_watch_looks_and_whom_it_tells_is_the_operators_own(place: Place) -> None:
    hook = {"webhook": "https://hook.example/x", "webhook_token_ref": "env:HOOK_TOKEN", "level": 2}
    path = place.own({"base_url": ORIGIN})
    table = config_table({"base_url": ORIGIN}, profile="mine")
    table["profiles"]["mine"]["watch"] = hook
    write_config(path, table)
    place.theirs({"base_url": ORIGIN}, {"watch": {"level": 0, "every_s": 604_800}})
    found = place.load()
    assert (found.watch.webhook, found.watch.level, found.watch.every_s) == (hook["webhook"], 2, 300)
    assert found.kept == ("watch.every_s", "watch.level")


def test_the_own_profile_with_the_same_token_lends_the_headers_that_go_with_it(place: Place) -> None:
    path = place.own({"base_url": ORIGIN, "token_ref": ["env:A"], "headers": {"x-team": "a"}})
    table = config_table({"base_url": ORIGIN, "token_ref": ["env:A"], "headers": {"x-team": "a"}}, profile="mine")
    other = config_table({"base_url": ORIGIN, "token_ref": ["env:B"], "headers": {"x-team": "b"}})
    table["profiles"]["other"] = other["profiles"]["p"]
    write_config(path, table)
    place.theirs({"base_url": ORIGIN, "token_ref": ["env:B"]})
    profile = place.load()
    assert (profile.lender, profile.gateway.headers) == ("other", {"x-team": "b"})


def test_a_variable_that_the_own_config_uses_may_be_named_too(place: Place) -> None:
    place.own({"base_url_ref": "env:GW_URL", "token_ref": ["env:GW_TOKEN"]})
    place.theirs({"base_url_ref": "env:GW_URL", "token_ref": ["env:GW_TOKEN"]})
    assert place.load().lender == "mine"
    place.environment["GW_URL"] = ORIGIN
    place.theirs({"base_url": ORIGIN, "token_ref": ["env:GW_TOKEN"]})
    assert place.load().lender == "mine"


def test_only_the_asked_profile_has_to_be_allowed(place: Place) -> None:
    path = place.theirs({"base_url": ORIGIN})
    table = config_table({"base_url": ORIGIN}, profile="theirs")
    table["profiles"]["ci"] = config_table({"base_url": ORIGIN, "token_ref": ["env:CI_TOKEN"]})["profiles"]["p"]
    path.write_text(tomli_w.dumps(table))
    assert load_repository_profile(path, "theirs", (), {}).name == "theirs"
    with pytest.raises(ConfigError, match=r"profiles\.ci\.gateway\.token_ref"):
        load_repository_profile(path, "ci", (), {})
