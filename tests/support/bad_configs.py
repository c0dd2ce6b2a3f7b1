"""Configs that cannot be used, and what fits: what a test of the console and one of the published schema try."""

from console.services.config.shipped import shipped

SAMPLE = shipped("sample_config.toml")


ROUTE = '[profiles.p.routes.writer]\nmodel = "m"\nendpoint_family = "responses"\nendpoint_path = "/v1/responses"\n'


def config(
    gateway: str = "", *, base: str = 'base_url = "https://gw.example"', route: str = ROUTE, top: str = "schema = 1"
) -> str:
    """Return a config of one profile; the gateway's lines begin on line 5."""
    return f'{top}\ndefault_profile = "p"\n[profiles.p.gateway]\n{base}\n{gateway}\n{route}'


UNKNOWN_KEYS = [
    (config(top="shema = 1"), "line 1: shema: unknown key; did you mean schema?"),
    (config(top="schema = 1\n[profile.x]"), "line 2: profile: unknown key; did you mean profiles?"),
    (
        config(route=ROUTE + "[profiles.p.route.x]"),
        "line 10: profiles.p.route: unknown key; did you mean routes?",
    ),
    (config('base_ulr = "x"'), "line 5: profiles.p.gateway.base_ulr: unknown key; did you mean base_url?"),
    (config("tokenref = []"), "line 5: profiles.p.gateway.tokenref: unknown key; did you mean token_ref?"),
    (
        config(route=ROUTE + 'endpoint_famly = "x"'),
        "line 10: profiles.p.routes.writer.endpoint_famly: unknown key; did you mean endpoint_family?",
    ),
    (
        config(route=ROUTE + "zzz = 1"),
        "line 10: profiles.p.routes.writer.zzz: unknown key; known here: endpoint_family, endpoint_path, model",
    ),
    (
        config(route=ROUTE + "[profiles.other.gateway]\nverify = false"),
        "line 11: profiles.other.gateway.verify: unknown key; known here: anthropic_version, auth, base_url",
    ),
    (config() + '[store]\nurl = "env:TEAM"', "line 11: store.url: unknown key; did you mean url_ref?"),
]


UNKNOWN_WORDS = [
    (
        config(route=ROUTE.replace("writer", "writter")),
        "line 6: profiles.p.routes.writter: unknown role; did you mean writer?",
    ),
    (config(route=ROUTE.replace("writer", "writter")), "did you mean writer?"),
    (
        config(route=ROUTE.replace('"responses"', '"response"')),
        "line 8: profiles.p.routes.writer.endpoint_family: ",
    ),
    (
        config(route=ROUTE.replace('"responses"', '"response"')),
        "unknown endpoint family; did you mean responses?",
    ),
    (config(route=ROUTE.replace('"responses"', '"messages"')), "did you mean anthropic_messages?"),
    (config(route=ROUTE.replace('"responses"', '"Responses"')), "did you mean responses?"),
    (
        config(top="schema = 1").replace('"p"', '"pp"'),
        "line 2: default_profile: unknown profile; did you mean",
    ),
]


BAD_URLS = [
    ("", "is empty: it must begin with https://"),
    ("gw.example", "must begin with https://"),
    ("ftp://gw.example", "must begin with https://"),
    ("https://", "must begin with https://"),
    ("sim", "must begin with https://"),
    ("https://user:pass@gw.example", "contains a user name or password"),
    ("https://gw.example@evil.example", "contains a user name or password"),
    ("https://gw.example?key=1", "contains a query or fragment"),
    ("https://gw.example/?", "contains a query or fragment"),
    ("https://gw.example/#top", "contains a query or fragment"),
    ("http://gw.example", "must begin with https://; plain http is for this machine's loopback address only"),
    ("http://10.0.0.1:8080", "must begin with https://; plain http is for this machine's loopback address only"),
    (
        "http://127.0.0.1.evil.example",
        "must begin with https://; plain http is for this machine's loopback address only",
    ),
    (
        "http://localhost.evil.example",
        "must begin with https://; plain http is for this machine's loopback address only",
    ),
    ("https://gw.example/v1/v1", "has /v1 twice"),
    ("https://gw.example/api/../v2", "has a path with a character or segment"),
    ("https://gw.example/a%2fb", "has a path with a character or segment"),
    ("https://gw.example/v1/responses", "ends in /responses; the endpoint's path goes into endpoint_path"),
    ("https://gw.example/v1/messages/", "ends in /messages"),
    (
        "https://gw.example/v1/chat/completions",
        "ends in /chat/completions; the endpoint's path goes into endpoint_path:"
        ' write base_url = "https://gw.example" and endpoint_path = "/v1/chat/completions"',
    ),
    (
        "https://gw.example/tenant-a1b2/api/v4/chat/completions",
        "ends in /chat/completions; the endpoint's path goes into endpoint_path:"
        ' write base_url = "https://gw.example/…" and endpoint_path = "/v4/chat/completions"',
    ),
    (
        "https://gw.example/openai/messages",
        "ends in /messages; the endpoint's path goes into endpoint_path:"
        ' write base_url = "https://gw.example/openai" and endpoint_path = "/messages"',
    ),
    ("https://gw.example/v1beta/v1beta", "has /v1beta twice"),
    ("https://gw.example/v1/models", "ends in /models, which is an endpoint itself"),
    ("http://::1:8080", "has an IPv6 address without brackets"),
    ("https://2001:db8::1/v1", "has an IPv6 address without brackets"),
    ("https://gw.example//v1", "has two slashes in a row"),
    ("https://gw.example/a b", "has a space at position 21; remove it"),
    ("https:/gw.example", "must begin with https://, with a colon and two slashes"),
    ("https://https://gw.example", "has two schemes; write https:// once"),
    ("gw.example:8443", "must begin with https://"),
    ("localhost:8080", "must begin with https:// (http:// for this machine's loopback address only)"),
    ("wss://gw.example", "must begin with https://"),
    ("http://0.0.0.0:4000", "names the address on which a server listens"),
    ("https://0.0.0.0", "names the address on which a server listens"),
    ("https://gw.example:84x3", "has a port that is not a number from 1 to 65535"),
    ("https://gw.example\\\\v1", "has a backslash at position 19; remove it"),
    ("https://gw．example", "has U+FF0E FULLWIDTH FULL STOP at position 11; write ."),
    ("https://gw。example", "has U+3002 IDEOGRAPHIC FULL STOP at position 11; write ."),
    ("https：//gw.example", "has U+FF1A FULLWIDTH COLON at position 6; write :"),
    ("https://gw.example\\u200b", "has U+200B ZERO WIDTH SPACE at position 19; remove it"),
    ("https://gw.example\\t", "has U+0009 TAB at position 19; remove it"),
    ("https://<resource>.openai.azure.com", "has a placeholder at position 9"),
    ("https://your-resource.openai.azure.com", "has a placeholder at position 9"),
    ("https://${GATEWAY_HOST}/v1", "has a placeholder at position 9"),
    ("$OPENAI_BASE_URL", "has a placeholder at position 1"),
    ("%GATEWAY_URL%", "has a placeholder at position 1"),
    ("https://gateway.ai.cloudflare.com/v1/{account_id}/default/anthropic", "has a placeholder at position 38"),
    ("https://gw.example:0", "names port 0"),
    ("https://gw.example:99999", "has a port that is not a number from 1 to 65535"),
    ("https://[::1", "is not a URL"),
    ("https://gw.example.", "names a host that is neither"),
    ("https://gw example", "has a space at position 11"),
    ("https://gw%00.example", "names a host that is neither"),
    (
        "https://gẅ.example",
        "has U+1E85 LATIN SMALL LETTER W WITH DIAERESIS at position 10; remove it. An international",
    ),
]
"""Addresses, and why each is none that a gateway can have."""


UNCALLABLE_URLS = [
    "https://ex\\tample.com",
    "https://ex\\nample.com",
    " https://gw.example",
    "https://gw..example",
    "https://.gw.example",
    f"https://{'w' * 64}.example",
    "https://999.1.1.1",
    "https://xn--a",
    "https://xn--ls8h.example",
    "https://[v1.x]",
    "http://127.999.0.1",
]


FITTING_URLS = [
    "https://gw.example",
    "https://gw.example/",
    "https://gw.example:8443/prefix",
    "https://gw.example/api/v2/tenant",
    "https://my-resource.services.ai.azure.com/models",
    "https://gateway.ai.cloudflare.com/v1/acc/gw/anthropic",
    "http://127.0.0.1:8080",
    "http://localhost:1",
    "http://[::1]:8080",
    "https://10.0.0.1",
    "HTTPS://GW_1.Example/",
    "http://127.1.2.3/a~b/v1x",
    "https://[2001:db8::1]:8443",
    "http://LocalHost/",
    "sim:",
]


BAD_PATHS = [
    ("v1/responses", "must begin with /"),
    ("", "must begin with /"),
    ("https://gw.example/v1/responses", "must begin with /"),
    ("/v1/../responses", "has the step . or .."),
    ("/v1/./responses", "has the step . or .."),
    ("//evil.example/v1", "has two slashes in a row at position 1"),
    ("/v1/responses#x", "has # at position 14"),
    ("/v1/%2e%2e/x", "has % at position 5"),
    ("/v1/res ponses", "has a space at position 8"),
    ("/v1\\\\responses", "has a backslash at position 4; write /"),
    ("/v1/responses/", "ends in /; remove it"),
    ("/", "ends in /; remove it"),
    ("/v1/\\u200bresponses", "has U+200B ZERO WIDTH SPACE at position 5; remove it"),
    ("/v1／responses", "has U+FF0F FULLWIDTH SOLIDUS at position 4; write /"),
    ("/v1/responses\\n", "has U+000A LINE FEED at position 14; remove it"),
    ("/openai/deployments/<name>/chat/completions", "has a placeholder at position 21"),
    ("/openai/deployments/{deployment-id}/chat/completions", "has a placeholder at position 21"),
    ("/v1/responses?", "has a query whose parameter 1 is not of the form NAME=VALUE"),
    ("/v1/responses?a", "has a query whose parameter 1 is not of the form NAME=VALUE"),
    ("/v1/responses?a=1&", "has a query whose parameter 2 is not of the form NAME=VALUE"),
    ("/v1/responses?a=1&a=2", "has a query that names a parameter twice"),
    ("/v1/responses?a=1?b=2", "has ? at position 18"),
    ("/v1/responses?a=b c", "has a space at position 18"),
    ("/v1/responses?key=1", "has a query whose parameter 1 seems to hold a secret"),
    ("/v1/responses?api-version=1&subscription-key=1", "has a query whose parameter 2 seems to hold a secret"),
    ("/v1/responses?accessToken=1", "has a query whose parameter 1 seems to hold a secret"),
    ("/v1/responses?APIKEY=1", "has a query whose parameter 1 seems to hold a secret"),
    ("/v1/responses?sig=1", "has a query whose parameter 1 seems to hold a secret"),
]


BAD_VARIABLES = ("GW", "env:", "env:gw", "env:1GW", "https://gw.example", "env:GW ", "keyring://a/b")


BAD_REFERENCES = [
    ("GW_TOKEN", "this is not a reference; write env:NAME, keyring://SERVICE/NAME, file:/PATH"),
    ("keyrin://a/b", "has an unknown scheme; did you mean keyring:?"),
    ("env:gw token", "env: needs a variable's name"),
    ("env:", "env: needs a variable's name"),
    ("env:GW\\n", "contains a control character"),
    ("keyring://only", "keyring: needs keyring://SERVICE/NAME"),
    ("keyring://a/b/c", "keyring: needs keyring://SERVICE/NAME"),
    ("file:etc/passwd", "file: needs an absolute path"),
    ("kernel:a/b", "kernel: needs a name"),
    ("vault:", "vault: needs a name"),
    ("cmd:ls", "cmd: needs a list"),
    ("cmd:['ls']", "cmd: runs a program, so only your own config file may use it"),
    ("prompt:x", "prompt: takes nothing"),
    ("sim:x", "sim: takes nothing"),
    ("env:" + "G" * 300, "is longer than the limit of 256 characters"),
    ("", "this is not a reference"),
]


BAD_VALUES = [
    ("concurrency = 0", "concurrency", "must be at least 1"),
    ("concurrency = 501", "concurrency", "must be at most 500"),
    ("concurrency = 99999999999999999999999", "concurrency", "must be at most 500"),
    ("concurrency = 1.5", "concurrency", "must be a whole number"),
    ("concurrency = true", "concurrency", "must be a whole number"),
    ("deadline_s = 0", "deadline_s", "must be more than 0"),
    ("deadline_s = -1.0", "deadline_s", "must be more than 0"),
    ("deadline_s = nan", "deadline_s", "must be a finite number"),
    ("deadline_s = inf", "deadline_s", "must be a finite number"),
    ("deadline_s = true", "deadline_s", "must be a number"),
    ('deadline_s = "5"', "deadline_s", "must be a number"),
    ("connect_timeout_s = 3601", "connect_timeout_s", "must be at most 3600"),
    ("smoke_max_output_tokens = 15", "smoke_max_output_tokens", "must be at least 16"),
    ("smoke_max_output_tokens = 4097", "smoke_max_output_tokens", "must be at most 4096"),
    (
        'auth = "basic"',
        "auth",
        "must be 'bearer', 'x-api-key', 'api-key', 'x-portkey-api-key' or 'cf-aig-authorization'",
    ),
    ('anthropic_version = "latest"', "anthropic_version", "must be a date such as 2023-06-01"),
    ("anthropic_version = 2023-06-01", "anthropic_version", "must be text in quotes"),
    ('token_ref = "env:GW"', "token_ref", "must be a list"),
    ("token_ref = [1]", "token_ref, entry 1", "must be text in quotes"),
    ("headers = []", "headers", "must be a table"),
    ("headers = { a = 1 }", "headers.a", "must be text in quotes"),
    ("ca_file = 1", "ca_file", "must be text in quotes"),
    ('ca_file = "a\\u0000b"', "ca_file", "is not a file name"),
]


MISFITS = [
    (config(top="schema = 2"), "line 1: schema: "),
    (config(top='schema = "1"'), "line 1: schema: "),
    (config(base="base_url = 1"), "line 4: profiles.p.gateway.base_url: "),
    (config(route=ROUTE.replace('"m"', '""')), "line 7: profiles.p.routes.writer.model: "),
    (config(route=ROUTE.replace('"m"', f'"{"m" * 201}"')), "line 7: profiles.p.routes.writer.model: "),
    (config(route=ROUTE.replace('"m"', "1")), "line 7: profiles.p.routes.writer.model: "),
    (config(route=ROUTE.replace('"m"', '" m"')), "line 7: profiles.p.routes.writer.model: "),
    (config(route=ROUTE.replace('"m"', '"m\\u202e"')), "line 7: profiles.p.routes.writer.model: "),
    (config(route="[profiles.p]\nroutes = 1"), "line 7: profiles.p.routes: "),
    (config(route="[profiles.p.routes]\nwriter = 1"), "line 7: profiles.p.routes.writer: "),
    ("schema = 1\ndefault_profile = 'p'\nprofiles = 1", "line 3: profiles: "),
    (config(route="[profiles.p.routes]"), "line 6: profiles.p.routes: names no route"),
    (config().replace(".p.", ".'p q'.").replace('"p"', '"p q"'), "a profile name has only letters, digits"),
]


MISSING = [
    ("", "config.toml: schema is missing"),
    ("schema = 1", "config.toml: default_profile is missing"),
    ("schema = 1\ndefault_profile = 'p'", "config.toml: profiles is missing"),
    (config(route=""), "profiles.p: routes is missing"),
    ("schema = 1\ndefault_profile = 'p'\n" + ROUTE, "profiles.p: gateway is missing"),
    (config(route=ROUTE.replace('model = "m"', "")), "line 6: profiles.p.routes.writer: model is missing"),
    (config(route=ROUTE.partition("endpoint_path")[0]), "profiles.p.routes.writer: endpoint_path is missing"),
]


BAD_HEADERS = ("", " v", "v ", "a\\r\\nx: y", "ü", "\\u0000")


BAD_POLICIES = [
    ("verification_max_age_days = 0", "verification_max_age_days: must be at least 1"),
    ("verification_max_age_days = 3651", "verification_max_age_days: must be at most 3650"),
    ('verification_max_age_days = "30"', "verification_max_age_days: must be a whole number"),
    ("require_verification = 1", "require_verification: must be true or false"),
    ("require_verificatoin = true", "unknown key; did you mean require_verification?"),
    ('withheld_tokens = ["A_KEY", "a b"]', "withheld_tokens, entry 2: must be a variable name"),
    ("withheld_tokens = [" + '"A", ' * 65 + "]", "withheld_tokens: has more than 64 entries"),
    ("publisher_token_available_to_writer = true", "must be false: a run with such a token in reach never begins"),
    ("cloudflare_token_available_to_writer = true", "must be false: a run with such a token in reach never begins"),
    ('ci_token_permissions = "write-all"', "ci_token_permissions: must be 'least-privilege for the job'"),
    ("threshold = 101", "threshold: must be at most 100"),
    ("budget_usd = -0.5", "budget_usd: must be at least 0"),
    ('checks = [""]', "checks, entry 1: is empty"),
]
