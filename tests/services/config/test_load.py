"""The config file: what loads, what is refused, and how every refusal names its place and never a token."""

import os
import re
import tomllib
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bad_configs import (
    BAD_HEADERS,
    BAD_PATHS,
    BAD_POLICIES,
    BAD_REFERENCES,
    BAD_URLS,
    BAD_VALUES,
    BAD_VARIABLES,
    FITTING_URLS,
    MISFITS,
    MISSING,
    ROUTE,
    SAMPLE,
    UNCALLABLE_URLS,
    UNKNOWN_KEYS,
    UNKNOWN_WORDS,
    config,
)
from support.examples import examples

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.services.config.load import BrokenProfile, default_config_path, load_profile, load_profiles
from console.services.config.model import (
    FamilyFactModel,
    FileModel,
    GatewayModel,
    InstructionModel,
    PolicyModel,
    ProfileModel,
    RouteModel,
)
from console.services.config.own_config import why_not_own
from console.services.config.settings import PolicySettings, Profile
from console.services.config.toml_text import ConfigError
from console.services.tokens.reference import Reference

SETTINGS = sorted(
    field.alias or name
    for model in (FileModel, ProfileModel, GatewayModel, RouteModel, PolicyModel, InstructionModel, FamilyFactModel)
    for name, field in model.model_fields.items()
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def load(path: Path, text: str | bytes, name: str | None = None) -> Profile:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_profile(path, name)


def refusal(path: Path, text: str | bytes, name: str | None = None) -> str:
    """Return the words with which a config is refused."""
    try:
        load(path, text, name)
    except ConfigError as error:
        return str(error)
    pytest.fail(f"taken: {text!r}")


def missing(path: Path, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the words that the refusals of configs do not hold, each beside what was said."""
    said = [(words, refusal(path, text)) for text, words in rows]
    return [(words, each) for words, each in said if words not in each]


# --- The sample ------------------------------------------------------------------------------------------------------


def test_without_a_file_the_built_in_demo_profile_has_all_six_roles_on_the_embedded_gateway() -> None:
    profile = load_profile()
    assert (profile.name, profile.is_built_in, profile.is_embedded) == ("demo", True, True)
    assert [route.role for route in profile.table] == list(Role)
    assert {route.endpoint_family for route in profile.table} == set(EndpointFamily)


def test_a_route_knows_the_line_of_its_table() -> None:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    for route in load_profile().table:
        assert route.config_line is not None
        assert lines[route.config_line - 1].startswith(f"[profiles.demo.routes.{route.role}]")


def test_the_sample_names_every_setting() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    line = r"^(?:# )?(?:{0} = |\[+(?:[\w-]+\.)*{0}(?:\.[\w-]+)*\])"
    assert [name for name in SETTINGS if not re.search(line.format(name), text, re.MULTILINE)] == []


@pytest.mark.parametrize("name", ["demo", "faults", "scenarios", "cometapi", "litellm", "azure", "local"])
def test_every_profile_of_the_sample_is_valid_once_its_comment_signs_are_removed(path: Path, name: str) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    bare = re.sub(r"^# (?=\[|[\w-]+ = )", "", text, flags=re.MULTILINE)
    shipped = {"demo", "faults", "scenarios", "cometapi", "litellm", "azure", "local"}
    assert set(tomllib.loads(bare)["profiles"]) == shipped
    path.write_text(bare)
    assert load_profile(path, name, why_no_programs=None).name == name  # its store counts in the own config only


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("base_url = “https://gw.example”", 'has U+201C LEFT DOUBLE QUOTATION MARK at position 12; write "'),
        ("base_url ＝ 'https://gw.example'", "has U+FF1D FULLWIDTH EQUALS SIGN at position 10; write ="),
        ("base_url = https://gw.example", 'A text needs quotes: key = "text"'),
        ('ca_file = "C:\\users\\me"', "a backslash begins an escape; write the text in single quotes"),
    ],
)
def test_a_common_slip_of_toml_is_told_with_what_to_write(path: Path, line: str, words: str) -> None:
    said = refusal(path, config(base=line))
    assert "line 4: is not valid TOML: " in said
    assert words in said


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_of_utf_16_is_told_how_to_be_saved(path: Path, encoding: str) -> None:
    assert "is UTF-16 text" in refusal(path, ("\ufeff" + config()).encode(encoding))


@pytest.mark.parametrize("key", ["api_key", "apikey", "authorization", "auth_token", "secret", "bearer"])
def test_a_key_for_a_token_is_told_where_tokens_go(path: Path, key: str) -> None:
    assert "a token goes into token_ref, by reference" in refusal(path, config(f'{key} = "x"'))


def test_a_path_may_carry_the_query_that_a_gateway_needs(path: Path) -> None:
    endpoint = "/openai/deployments/my.gpt-5/chat/completions?api-version=2025-04-01-preview&x-trace=a:b,c"
    profile = load(path, config('auth = "api-key"', route=ROUTE.replace("/v1/responses", endpoint)))
    (route,) = profile.table
    assert (route.endpoint_path, profile.gateway.auth) == (endpoint, "api-key")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("<deployment>", "has a placeholder at position 1"),
        ("${MODEL}", "has a placeholder at position 1"),
        ("YOUR_MODEL", "has a placeholder at position 1"),
        ("m ", "begins or ends with a space: has a space at position 2"),
        ("a\\u200bb", "has a control or invisible character: has U+200B ZERO WIDTH SPACE at position 2"),
    ],
)
def test_a_model_name_that_is_not_one_is_told_with_its_position(path: Path, model: str, words: str) -> None:
    assert words in refusal(path, config(route=ROUTE.replace('"m"', f'"{model}"')))


@pytest.mark.parametrize("model", ["claude-opus-4-8[1m]", "vendor/m:free", "gpt-route-placeholder", "ft:gpt-4o:my-org"])
def test_a_model_name_of_any_gateway_is_taken(path: Path, model: str) -> None:
    (route,) = load(path, config(route=ROUTE.replace('"m"', f'"{model}"'))).table
    assert route.model == model


def test_version_parts_clash_only_in_the_routes_that_have_one(path: Path) -> None:
    other = ROUTE.replace("writer", "critic").replace("/v1/responses", "/responses")
    said = refusal(path, config(base='base_url = "https://gw.example/v1"', route=ROUTE + other))
    assert said.count("\n") == 0
    assert "line 9: profiles.p.routes.writer.endpoint_path: base_url ends in /v1" in said
    assert 'write endpoint_path = "/responses"' in said


def test_a_byte_order_mark_and_crlf_line_ends_are_taken(path: Path) -> None:
    assert load(path, b"\xef\xbb\xbf" + config().replace("\n", "\r\n").encode()).name == "p"


def test_routes_are_listed_in_the_order_of_roles_however_the_file_has_them(path: Path) -> None:
    profile = load(path, config(route=ROUTE.replace("writer", "critic") + ROUTE.replace("writer", "planner")))
    assert [route.role for route in profile.table] == [Role.PLANNER, Role.CRITIC]


# --- All faults at once ----------------------------------------------------------------------------------------------


FAULTY = """\
schema = 1
default_profile = "q"
[profiles.p.gateway]
base_url = "http://gw.example"
concurency = 3
deadline_s = "5"
token_ref = ["env:GW", "vault"]
[profiles.p.routes.writter]
model = "m"
endpoint_family = "response"
endpoint_path = "/v1/responses"
[profiles.other.gateway]
base_url = "sim:"
[profiles.other.routes.critic]
modle = "m"
endpoint_family = "responses"
endpoint_path = "v1/responses"
[profiles.other.policy]
threshold = 101
"""


def test_all_faults_of_a_file_are_told_in_the_order_of_lines_with_the_nearest_known_key(path: Path) -> None:
    told = [line.removeprefix(f"{path}, line ") for line in refusal(path, FAULTY).split("\n")]
    assert [line.partition(";")[0].partition(" and ")[0] for line in told] == [
        "2: default_profile: unknown profile",
        "4: profiles.p.gateway.base_url: must begin with https://",
        "5: profiles.p.gateway.concurency: unknown key",
        "6: profiles.p.gateway.deadline_s: must be a number",
        "7: profiles.p.gateway.token_ref, entry 2: this is not a reference",
        "8: profiles.p.routes.writter: unknown role",
        "10: profiles.p.routes.writter.endpoint_family: unknown endpoint family",
        "15: profiles.other.routes.critic.modle: unknown key",
        "17: profiles.other.routes.critic.endpoint_path: must begin with /, such as /v1/responses",
        "19: profiles.other.policy.threshold: must be at most 100",
    ]
    meant = {0: "known here: other, p", 2: "concurrency?", 5: "writer?", 6: "responses?", 7: "model?"}
    assert [words for number, words in meant.items() if words not in told[number]] == []


def test_a_token_is_told_beside_the_other_faults_and_once(path: Path) -> None:
    text = config(f'auth = "{TOKENS["github"]}"\nconcurrency = 0', route=ROUTE.replace('"m"', '""'))
    first, second, third = refusal(path, text).split("\n")
    assert "line 5: profiles.p.gateway.auth: the value looks like a GitHub token" in first
    assert second.endswith("line 6: profiles.p.gateway.concurrency: must be at least 1")
    assert third.endswith("line 8: profiles.p.routes.writer.model: is empty")


def test_of_very_many_faults_the_first_fifty_are_told(path: Path) -> None:
    told = refusal(path, config("\n".join(f"x{number} = 1" for number in range(2_000)))).split("\n")
    assert len(told) == 51
    assert "line 54: profiles.p.gateway.x49: unknown key" in told[49]
    assert told[50].endswith("and 1950 more faults")


# --- Files that cannot be read ---------------------------------------------------------------------------------------


def test_a_missing_file_is_named_with_the_next_step(path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"config\.toml: no such file; name another with --config, or write one: .* init"
    ):
        load_profile(path)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_profile(tmp_path)


def test_a_file_that_fails_to_read_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_profile(Path("/proc/self/mem"))


def test_a_link_that_leads_to_itself_is_refused(path: Path) -> None:
    path.symlink_to(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_profile(path)


def test_a_file_name_with_control_characters_cannot_reach_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_profile(tmp_path / "\x1b]0;owned\x07.toml")
    assert "\x1b" not in str(caught.value)


def test_a_file_that_is_no_utf8_is_refused_with_its_line(path: Path) -> None:
    assert "config.toml, line 3: is not UTF-8 text" in refusal(path, b"schema = 1\n# ok\n# \xff\n")


def test_a_config_of_more_than_16_mib_is_refused_before_it_is_parsed(path: Path) -> None:
    words = refusal(path, b"# " + b"x" * (16 * 1024 * 1024 - 1))
    assert "is larger than 16 MB" in words
    assert len(words) < 200


def test_an_endless_file_is_given_up() -> None:
    with pytest.raises(ConfigError, match="is larger than 16 MB"):
        load_profile(Path("/dev/zero"))


def test_a_line_of_1000_characters_loads_and_one_more_is_refused_with_its_line(path: Path) -> None:
    assert load(path, config("# " + "x" * 998)).name == "p"
    assert "config.toml, line 5: the line is longer than 1000 characters" in refusal(path, config("# " + "x" * 999))


# --- Broken TOML -----------------------------------------------------------------------------------------------------


def test_broken_toml_is_refused_with_its_line(path: Path) -> None:
    unexpected = {}
    for broken in (
        "this is not toml",
        "auth = ",
        'auth = "bearer',
        'auth = "bearer"\nauth = "bearer"',
        "[profiles.p.gateway]",
        "concurrency = 08",
        'headers = { a = "1", a = "2" }',
        "auth = bearer",
        "deadline_s = 1_",
    ):
        words = refusal(path, config(broken))
        line = 4 + len(broken.split("\n"))
        if not re.search(rf"config\.toml, line ({line}|{line + 1}): is not valid TOML: \w", words):
            unexpected[broken] = words
    assert unexpected == {}


def test_an_unclosed_text_at_the_end_of_the_file_is_refused_with_the_last_line(path: Path) -> None:
    assert "config.toml, line 2: is not valid TOML" in refusal(path, 'schema = 1\ndefault_profile = "p')


@pytest.mark.parametrize(
    "deep",
    [
        "token_ref = " + "\n[" * 5_000 + "]" * 900,
        "token_ref = " + "[" * 480 + "\n" + "]" * 480,
        "headers.a = " + "\n".join("[{" + "a." * 480 + "a = [" for _ in range(20)) + "\n" + "]}]" * 20,
        "[profiles.p.gateway.headers" + ".a" * 470 + "]\n" + "a." * 470 + "a = " + "[\n" * 200 + "]\n" * 200,
        "x" + ".x" * 490 + " = 1",
        "\n".join("[profiles.p.gateway.headers" + ".a" * depth + "]" for depth in range(1, 100)),
    ],
    ids=["arrays", "arrays_in_a_list", "inline_tables", "dotted_keys_and_arrays", "dotted_keys", "tables"],
)
def test_deep_nesting_is_refused_and_not_a_crash(path: Path, deep: str) -> None:
    words = refusal(path, config(deep))
    assert "config.toml" in words
    assert "longer than 1000 characters" not in words


# --- Unknown keys ----------------------------------------------------------------------------------------------------


def test_an_unknown_key_is_refused_with_its_line_its_name_and_the_nearest_known_one(path: Path) -> None:
    assert missing(path, UNKNOWN_KEYS) == []


def test_lines_are_counted_as_editors_count_them(path: Path) -> None:
    said = {each: refusal(path, config(f"# one{each}line\nbase_ulr = 1")) for each in ("\u2028", "\u2029", "\u0085")}
    assert {each: words for each, words in said.items() if "line 6: profiles.p.gateway.base_ulr" not in words} == {}


def test_an_unknown_role_family_or_profile_is_refused_with_the_nearest_known_one(path: Path) -> None:
    assert missing(path, UNKNOWN_WORDS) == []


def test_a_profile_that_the_command_line_names_must_be_there(path: Path) -> None:
    assert 'unknown profile "q"; known here: p' in refusal(path, config(), name="q")


def test_a_profile_that_is_not_chosen_is_checked_too(path: Path) -> None:
    other = '[profiles.other.gateway]\nbase_url = "ftp://x"\n' + ROUTE.replace(".p.", ".other.")
    assert "line 11: profiles.other.gateway.base_url" in refusal(path, config(route=ROUTE + other))


# --- Values that do not fit ------------------------------------------------------------------------------------------


def test_a_base_url_that_does_not_fit_is_refused_with_its_line_and_reason(path: Path) -> None:
    said = [(url, words, refusal(path, config(base=f'base_url = "{url}"'))) for url, words in BAD_URLS]
    assert [each for each in said if f"line 4: profiles.p.gateway.base_url: {each[1]}" not in each[2]] == []


def test_a_base_url_that_no_library_can_call_is_refused(path: Path) -> None:
    said = {url: refusal(path, config(base=f'base_url = "{url}"')) for url in UNCALLABLE_URLS}
    assert {url: words for url, words in said.items() if "profiles.p.gateway.base_url" not in words} == {}


def test_a_base_url_that_fits_loads_as_it_is_written(path: Path) -> None:
    assert [load(path, config(base=f'base_url = "{url}"')).gateway.base_url for url in FITTING_URLS] == FITTING_URLS


@pytest.mark.parametrize("url", ["https://gw.example/v1", "https://gw.example/v1/", "https://gw.example/api/v1"])
def test_a_doubled_v1_is_refused_with_what_to_take_away(path: Path, url: str) -> None:
    words = refusal(path, config(base=f'base_url = "{url}"'))
    assert "/v1/v1/" in words
    assert "remove /v1 from base_url" in words
    assert "line 4: profiles.p.gateway.base_url: " in words


def test_an_endpoint_path_that_does_not_fit_is_refused_with_its_line(path: Path) -> None:
    configs = {endpoint: config(route=ROUTE.replace("/v1/responses", endpoint)) for endpoint, _ in BAD_PATHS}
    said = [(endpoint, words, refusal(path, configs[endpoint])) for endpoint, words in BAD_PATHS]
    place = "line 9: profiles.p.routes.writer.endpoint_path"
    assert [each for each in said if f"{place}: {each[1]}" not in each[2]] == []


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("", "line 3: profiles.p.gateway: needs exactly one of base_url and base_url_ref"),
        (
            'base_url = "https://gw.example"\nbase_url_ref = "env:GW"',
            "line 5: profiles.p.gateway.base_url_ref: needs exactly one of base_url and base_url_ref",
        ),
    ],
)
def test_a_gateway_needs_exactly_one_of_base_url_and_base_url_ref(path: Path, base: str, words: str) -> None:
    assert words in refusal(path, config(base=base))


def test_a_base_url_ref_is_an_environment_variable(path: Path) -> None:
    said = {each: refusal(path, config(base=f'base_url_ref = "{each}"')) for each in BAD_VARIABLES}
    words = "line 4: profiles.p.gateway.base_url_ref: must be env:NAME"
    assert {each: text for each, text in said.items() if words not in text} == {}


def test_a_token_reference_that_is_none_is_refused(path: Path) -> None:
    said = [(each, words, refusal(path, config(f'token_ref = ["{each}"]'))) for each, words in BAD_REFERENCES]
    assert [each for each in said if f"line 5: profiles.p.gateway.token_ref, entry 1: {each[1]}" not in each[2]] == []


def test_a_token_reference_is_taken(path: Path) -> None:
    for reference in (
        "env:GW",
        "keyring://s/n",
        "file:/run/secrets/0123456789abcdef0123456789abcdef/t",
        "kernel:n",
        "vault:n",
        "prompt:",
    ):
        assert load(path, config(f'token_ref = ["{reference}"]')).gateway.token_ref == (Reference.parse(reference),)


def test_a_program_is_taken_from_a_file_that_is_the_users_own(path: Path) -> None:
    path.write_text(config("token_ref = [\"cmd:['pass', 'show', 'gw']\"]"), encoding="utf-8")
    assert load_profile(path, why_no_programs=None).gateway.token_ref == (
        Reference.parse("cmd:['pass', 'show', 'gw']"),
    )


@pytest.mark.parametrize("mode", [0o620, 0o664, 0o602, 0o666])
def test_a_file_that_others_may_write_hands_out_no_token(path: Path, mode: int) -> None:
    for reference in ("env:GW_TOKEN", "file:/run/token", "cmd:['pass', 'show', 'gw']"):
        path.write_text(config(f'token_ref = ["{reference}"]'), encoding="utf-8")
        path.chmod(mode)
        with pytest.raises(ConfigError) as refused:
            load_profile(path, why_no_programs=None)
        scheme = reference.partition(":")[0]
        assert f"line 5: profiles.p.gateway.token_ref, entry 1: {scheme}: could send a token" in str(refused.value)
        assert f"others can write this file; run: chmod go-w {path}" in str(refused.value)
        path.chmod(mode & ~0o022)
        assert load_profile(path, why_no_programs=None).gateway.token_ref == (Reference.parse(reference),)
    for reference in ("keyring://gateway-console/acme", "vault:acme", "prompt:"):  # bound to an origin, or asked for
        path.write_text(config(f'token_ref = ["{reference}"]'), encoding="utf-8")
        path.chmod(mode)
        assert load_profile(path).gateway.token_ref == (Reference.parse(reference),)


def test_a_file_of_another_user_hands_out_no_token(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(config('token_ref = ["env:GW_TOKEN"]'), encoding="utf-8")
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(ConfigError, match=f"another user owns this file; make a copy of your own: cp {path}"):
        load_profile(path)


def test_checks_of_the_policy_are_programs(path: Path) -> None:
    text = config("") + '[profiles.p.policy]\nchecks = ["pytest -q"]\n'
    path.write_text(text, encoding="utf-8")
    assert load_profile(path, why_no_programs=None).policy.checks == ("pytest -q",)
    with pytest.raises(ConfigError, match="checks are programs, so only your own config file may name them"):
        load_profile(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('command = "aider --yes"', "it is a program, so only your own config file may name it"),
        ('readable = ["~/notes"]', "it opens directories to a program, so only your own config file may name them"),
    ],
)
def test_only_the_operators_own_file_names_an_agent_and_what_it_may_read(path: Path, line: str, words: str) -> None:
    path.write_text(f"{config('')}[profiles.p.agent]\n{line}\n", encoding="utf-8")
    assert load_profile(path, why_no_programs=None).agent
    with pytest.raises(ConfigError, match=words):
        load_profile(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('vault_passphrase_ref = "env:X"', "must be a file: reference"),
        ('vault_passphrase_ref = "/etc/x"', "this is not a reference"),
        ('vault_passphrase_ref = "file:x"', "file: needs an absolute path"),
    ],
)
def test_a_vaults_passphrase_comes_from_a_file(path: Path, line: str, words: str) -> None:
    assert f"line 5: profiles.p.gateway.vault_passphrase_ref: {words}" in refusal(path, config(line))
    taken = load(path, config('vault_passphrase_ref = "file:/run/pass"'))
    assert taken.gateway.vault_passphrase_ref == Reference.parse("file:/run/pass")


def test_only_keyrings_that_the_console_knows_can_be_chosen(path: Path) -> None:
    assert load(path, config('keyring = "kwallet"')).gateway.keyring == "kwallet"
    assert "must be 'platform'" in refusal(path, config('keyring = "keyrings.alt.file.PlaintextKeyring"'))


# --- Whose file it is ------------------------------------------------------------------------------------------------


def test_the_users_own_config_is_the_default_one_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = tmp_path / "config.toml", tmp_path / "other.toml"
    for each in (own, other):
        each.write_text("x")
        each.chmod(0o644)
    assert why_not_own(own, own) is None
    assert why_not_own(other, own) is not None
    assert why_not_own(None, None) is not None
    assert why_not_own(own, None) is not None
    monkeypatch.chdir(tmp_path)
    assert why_not_own(Path("config.toml"), own) is None
    link = tmp_path / "link.toml"
    link.symlink_to(own)
    assert why_not_own(link, own) is not None


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o606])
def test_a_config_that_others_may_write_is_not_the_users_own(tmp_path: Path, mode: int) -> None:
    own = tmp_path / "config.toml"
    own.write_text("x")
    own.chmod(mode)
    assert why_not_own(own, own) == f"others can write this file; run: chmod go-w {own}"


def test_a_config_inside_a_repository_is_not_the_users_own(tmp_path: Path) -> None:
    (tmp_path / ".git").touch()  # a worktree has a file of that name
    own = tmp_path / "deep" / "config.toml"
    own.parent.mkdir()
    own.write_text("x")
    assert why_not_own(own, own) == "this one is inside a git repository"


def test_the_embedded_gateways_token_never_goes_to_a_real_gateway(path: Path) -> None:
    assert "line 5: profiles.p.gateway.token_ref: sim: is the embedded" in refusal(path, config('token_ref = ["sim:"]'))


def test_a_value_of_the_wrong_type_or_size_is_refused_with_its_line_and_key(path: Path) -> None:
    said = [
        (f"line 5: profiles.p.gateway.{key}: {words}", refusal(path, config(line))) for line, key, words in BAD_VALUES
    ]
    assert [each for each in said if each[0] not in each[1]] == []


def test_a_table_or_text_that_does_not_fit_is_refused_with_its_line_and_key(path: Path) -> None:
    assert missing(path, MISFITS) == []


def test_a_missing_setting_is_named_with_its_place(path: Path) -> None:
    assert missing(path, MISSING) == []


@pytest.mark.parametrize(
    ("words", "headers"),
    [
        (
            "the console sets this header itself",
            ["Authorization", "x-api-key", "Cookie", "Host", "Content-Length", "Accept-Encoding"],
        ),
        ("a header's name has only letters", ["x y", "x:y", ""]),
    ],
    ids=["own", "broken"],
)
def test_a_header_of_the_consoles_own_or_with_a_broken_name_is_refused(
    path: Path, words: str, headers: list[str]
) -> None:
    said = {header: refusal(path, config(f'headers = {{ "{header}" = "v" }}')) for header in headers}
    assert {header: each for header, each in said.items() if words not in each} == {}


def test_a_header_value_that_could_break_a_request_is_refused(path: Path) -> None:
    said = {value: refusal(path, config(f'headers = {{ x-tag = "{value}" }}')) for value in BAD_HEADERS}
    assert {value: words for value, words in said.items() if "its value only printable ASCII" not in words} == {}


# --- Tokens in the config --------------------------------------------------------------------------------------------


def joined(*pieces: str) -> str:
    """Put a made-up token together here, so that no scanner of this repository finds one."""
    return "".join(pieces)


TOKENS = {
    "api_key": joined("s", "k-", "q7Wd9sKp2LmX8vTz4RnB6yHc"),
    "github": joined("gh", "p_", "q7Wd9sKp2LmX8vTz4RnB6yHc1f"),
    "aws": joined("AK", "IA", "Q7WD9SKP2LMX8VTZ"),
    "jwt": joined("ey", "JhbGciOiJIUzI1NiJ9", ".", "eyJzdWIiOiIxMjM0NSJ9", ".c2ln"),
    "hex": "9f86d081884c7d659a2feaa0c55ad015",
    "random": "q7Wd9sKp2LmX8vTz4RnB6yHc1fGj",
}
PLACES = {
    "default_profile": config().replace('"p"', '"TOKEN"'),
    "profile_name": config(route=ROUTE + '[profiles."TOKEN".gateway]\nbase_url = "sim:"'),
    "unknown_top_key": config(top='schema = 1\n"TOKEN" = 1'),
    "unknown_gateway_key": config('"TOKEN" = 1'),
    "value_of_an_unknown_key": config('token = "TOKEN"'),
    "unknown_key_below_a_profile_of_this_name": config(route=ROUTE + '[profiles."TOKEN".gateway]\nfoo = 1'),
    "unknown_key_below_a_role_of_this_name": config(route=ROUTE + '[profiles.p.routes."TOKEN"]\nfoo = 1'),
    "role": config(route=ROUTE.replace("writer", '"TOKEN"')),
    "base_url": config(base='base_url = "https://gw.example/TOKEN"'),
    "base_url_host": config(base='base_url = "https://TOKEN.example"'),
    "base_url_user": config(base='base_url = "https://u:TOKEN@gw.example"'),
    "base_url_ref": config(base='base_url_ref = "env:TOKEN"'),
    "token_ref": config('token_ref = ["TOKEN"]'),
    "second_token_ref": config('token_ref = ["env:GW", "keyring://s/TOKEN"]'),
    "auth": config('auth = "TOKEN"'),
    "anthropic_version": config('anthropic_version = "TOKEN"'),
    "header_value": config('headers = { x-tag = "TOKEN" }'),
    "header_name": config('headers = { "x-TOKEN" = "v" }'),
    "ca_file": config('ca_file = "/etc/TOKEN.pem"'),
    "value_of_the_wrong_type": config('deadline_s = "TOKEN"'),
    "list_of_the_wrong_type": config('headers = ["TOKEN"]'),
    "model": config(route=ROUTE.replace('"m"', '"TOKEN"')),
    "endpoint_family": config(route=ROUTE.replace('"responses"', '"TOKEN"')),
    "endpoint_path": config(route=ROUTE.replace("/v1/responses", "/v1/TOKEN")),
    "table_named_twice": config(route=ROUTE + '[profiles."TOKEN"]\n[profiles."TOKEN"]'),
    "table_with_a_bracket_named_twice": config(route=ROUTE + '[profiles."x)TOKEN"]\n[profiles."x)TOKEN"]'),
    "inline_key_twice": config('headers = { "TOKEN" = "1", "TOKEN" = "2" }'),
    "inline_key_with_quotes_twice": config("headers = { \"a'bTOKEN\" = '1', \"a'bTOKEN\" = '2' }"),
    "bare_value": config("auth = TOKEN"),
    "broken_line": config("TOKEN"),
}


IDS_ARE_FINE_IN = ("base_url", "base_url_host", "ca_file")
"""Where a long hexadecimal step is an id, such as an account's in the URL of a gateway or a build's in a path."""


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_in_a_config_is_refused_and_no_piece_of_it_is_repeated(
    path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(0)
    token = TOKENS[name]
    pieces = {token[start : start + 8] for start in range(len(token) - 7)}
    taken, repeated = [], {}
    for place, text in PLACES.items():
        if name == "hex" and place in IDS_ARE_FINE_IN:
            continue
        try:
            load(path, text.replace("TOKEN", token))
        except ConfigError as error:
            said = str(error) + repr(error.faults) + "".join(traceback.format_exception(error)) + caplog.text
            repeated[place] = sorted(piece for piece in pieces if piece in said)
        else:
            taken.append(place)
    assert taken == []
    assert {place: found for place, found in repeated.items() if found} == {}


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("base_url", "profiles.p.gateway.base_url: "),
        ("token_ref", "profiles.p.gateway.token_ref, entry 1: "),
        ("header_value", "profiles.p.gateway.headers.x-tag: "),
        ("ca_file", "profiles.p.gateway.ca_file: "),
        ("model", "profiles.p.routes.writer.model: "),
        ("default_profile", "default_profile: "),
    ],
)
def test_the_refusal_of_a_token_names_the_key_and_where_a_token_belongs(path: Path, place: str, key: str) -> None:
    words = refusal(path, PLACES[place].replace("TOKEN", TOKENS["api_key"]))
    assert key in words
    assert "write its reference into token_ref" in words


# --- Whatever the file holds -----------------------------------------------------------------------------------------

_SCALAR = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["sim:", "env:A", "https://gw.example", "responses", "/v1/responses", "bearer", "p", "writer"]),
)
_NAMES = st.sampled_from([*SETTINGS, "p", "writer", "x"])
_DOCUMENTS = st.dictionaries(
    _NAMES,
    st.recursive(_SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4)),
)


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case str():
            return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
        case _:
            return repr(value)


@pytest.fixture(scope="module")
def shared_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "config.toml"


@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "ignore"))))
@examples(100)
def test_arbitrary_bytes_are_refused_with_a_config_error_and_nothing_else(shared_path: Path, data: bytes) -> None:
    assert refusal(shared_path, data).startswith(str(shared_path))


@given(document=_DOCUMENTS)
@examples(150)
def test_any_toml_of_known_words_loads_or_is_refused_with_a_config_error(
    shared_path: Path, document: dict[str, object]
) -> None:
    text = "\n".join(f"{key} = {_toml(value)}" for key, value in document.items())
    try:
        words = ", ".join(route.role for route in load(shared_path, text).table)
    except ConfigError as error:
        words = str(error)
    assert words
    assert all(line.isprintable() for line in words.split("\n"))


# --- Where the user's file is ----------------------------------------------------------------------------------------


def test_the_default_path_is_in_xdg_config_home(tmp_path: Path) -> None:
    expected = tmp_path / "xdg" / "gateway-console" / "config.toml"
    expected.parent.mkdir(parents=True)
    expected.write_text(config())
    assert default_config_path({"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "HOME": str(tmp_path)}) == expected


@pytest.mark.parametrize("environment", [{}, {"XDG_CONFIG_HOME": ""}, {"XDG_CONFIG_HOME": "."}])
def test_the_default_path_is_in_the_homes_config_folder_otherwise(tmp_path: Path, environment: dict[str, str]) -> None:
    expected = tmp_path / ".config" / "gateway-console" / "config.toml"
    expected.parent.mkdir(parents=True)
    expected.write_text(config())
    assert default_config_path(environment | {"HOME": str(tmp_path)}) == expected


def test_without_a_file_at_the_default_path_there_is_none(tmp_path: Path) -> None:
    assert default_config_path(dict(os.environ) | {"XDG_CONFIG_HOME": str(tmp_path)}) is None


def test_an_account_id_in_an_address_is_no_token(path: Path) -> None:
    path.write_text(config(base='base_url = "https://gw.example/v4/0f1e2d3c4b5a69788796a5b4c3d2e1f0/acme"'))
    assert load_profile(path).name == "p"


def test_a_config_full_of_blank_lines_is_read_at_once(path: Path) -> None:
    path.write_text(config() + ("\n" + " " * 999) * 60)
    assert load_profile(path).table.routes[0].config_line == 6


# --- Policy ----------------------------------------------------------------------------------------------------------


def test_without_a_policy_a_verification_counts_for_thirty_days_and_none_is_required(path: Path) -> None:
    policy = load(path, config()).policy
    assert (policy.verification_max_age_days, policy.require_verification) == (30, False)


def test_a_policy_is_the_chosen_profiles_own(path: Path) -> None:
    text = config() + "[profiles.p.policy]\nverification_max_age_days = 7\nrequire_verification = true\n"
    other = text.replace("profiles.p.", "profiles.q.").replace("= 7", "= 90").partition("[profiles.q.gateway]")
    both = text + other[1] + other[2]
    assert load(path, both).policy == PolicySettings(verification_max_age_days=7, require_verification=True)
    assert load(path, both, "q").policy.verification_max_age_days == 90


def test_a_policy_that_does_not_fit_is_refused_with_its_line(path: Path) -> None:
    policies = [(f"{config()}[profiles.p.policy]\n{line}\n", words) for line, words in BAD_POLICIES]
    assert missing(path, policies) == []
    said = [refusal(path, text) for text, _ in policies]
    assert [each for each in said if not re.search(r"config\.toml, line \d+: profiles\.p\.policy\.", each)] == []


NAMED = '[profiles.p.routes.{}]\nmodel = "m2"\nendpoint_family = "responses"\nendpoint_path = "/v1/responses"\n'


def test_a_role_can_have_more_routes_by_name(path: Path) -> None:
    profile = load(path, config() + NAMED.format("writer.fast") + NAMED.format("planner"))
    assert [(route.key, route.model, route.config_line) for route in profile.table] == [
        ("planner", "m2", 14),
        ("writer", "m", 6),
        ("writer.fast", "m2", 10),
    ]


def test_what_a_named_route_may_not_be_is_told_with_its_line(path: Path) -> None:
    many = "".join(NAMED.format(f"writer.n{number}") for number in range(64))
    texts = [
        (config() + NAMED.format("writer.Fast"), "line 10: profiles.p.routes.writer.Fast: a route's name has only"),
        (config() + NAMED.format("critic.fast"), "line 10: profiles.p.routes.critic: has only named routes"),
        (config() + NAMED.format("writer.fast") + "modle = 1", "writer.fast.modle: unknown key; did you mean model?"),
        (config() + many, "profiles.p.routes: has 65 routes; a profile has at most 64"),
    ]
    assert missing(path, texts) == []


def test_of_several_profiles_those_with_faults_stop_no_other(path: Path) -> None:
    other = config().partition("[profiles")[2].replace("profiles.p.", "profiles.q.").replace(".p.", ".q.")
    path.write_text(f"{config()}[profiles{other}tokn = 1\n", encoding="utf-8")
    good, broken = load_profiles(path)
    assert (good.name, broken.name, isinstance(broken, BrokenProfile)) == ("p", "q", True)
    assert [fault.key for fault in broken.error.faults] == ["profiles.q.routes.writer.tokn"]
    with pytest.raises(ConfigError, match='unknown profile "r"'):
        load_profiles(path, ["p", "r"])
    many = "".join(f"tokn{each} = 1\n" for each in range(60))
    path.write_text(f'{config()}[profiles{other}{many}[profiles."a b"]\n', encoding="utf-8")
    assert [type(each) for each in load_profiles(path)] == [Profile, BrokenProfile, BrokenProfile]
    path.write_text(f"wrong = 1\n{config()}", encoding="utf-8")
    with pytest.raises(ConfigError, match="wrong: unknown key"):
        load_profiles(path)
