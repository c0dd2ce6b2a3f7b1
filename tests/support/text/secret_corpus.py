"""Made-up secrets in every format that the guard knows, and harmless text that looks like them.

No value is real. Each is put together from pieces, so that no scanner of this repository takes it for a secret.
"""

import base64
import hashlib
import random
import string
import uuid

_HEX, _SMALL, _CAPITAL = "0123456789abcdef", string.ascii_lowercase + string.digits, string.ascii_uppercase + "234567"
_B62 = string.ascii_letters + string.digits
_B64URL = _B62 + "-_"


def _made(seed: str, alphabet: str, size: int) -> str:
    """Return characters that are the same in every run; a digit, a small and a capital letter are among them."""
    generator = random.Random(f"console {seed}")
    picked = "".join(generator.choice(alphabet) for _ in range(size))
    sure = "".join(each for each in "7aZ" if each in alphabet)
    return picked[: size // 2] + sure + picked[size // 2 + len(sure) :]


def _b62(seed: str, size: int) -> str:
    return _made(seed, _B62, size)


def _b64url(seed: str, size: int) -> str:
    return _made(seed, _B64URL, size)


def _hex(seed: str, size: int) -> str:
    return _made(seed, _HEX, size)


def _small(seed: str, size: int) -> str:
    return _made(seed, _SMALL, size)


def _capital(seed: str, size: int) -> str:
    return _made(seed, _CAPITAL, size)


def _web_token(claims: bytes) -> str:
    head, body = (
        base64.urlsafe_b64encode(each).decode().rstrip("=") for each in (b'{"alg":"HS256","typ":"JWT"}', claims)
    )
    return f"{head}.{body}.{_b64url('jwt', 43)}"


SECRETS: dict[str, tuple[str, str]] = {
    # Model gateways and their providers.
    "OpenAI, old": ("sk-key", "sk-" + _b62("o1", 20) + "T3Blbk" + "FJ" + _b62("o2", 20)),
    "OpenAI, project": ("sk-key", "sk-" + "proj-" + _b64url("o3", 74) + "T3Blbk" + "FJ" + _b64url("o4", 74)),
    "OpenAI, service account": ("sk-key", "sk-" + "svcacct-" + _b64url("o5", 60)),
    "OpenAI, admin": ("sk-key", "sk-" + "admin-" + _b64url("o6", 60)),
    "Anthropic, API": ("sk-key", "sk-" + "ant-api03-" + _b64url("a1", 93) + "AA"),
    "Anthropic, login": ("sk-key", "sk-" + "ant-oat01-" + _b64url("a2", 93) + "AA"),
    "OpenRouter": ("sk-key", "sk-" + "or-v1-" + _hex("or", 64)),
    "new-api gateway": ("sk-key", "sk-" + _b62("na", 48)),
    "LiteLLM gateway": ("sk-key", "sk-" + _b64url("ll", 22)),
    "DeepSeek": ("sk-key", "sk-" + _hex("ds", 32)),
    "Langfuse, secret": ("sk-key", "sk-" + "lf-" + str(uuid.UUID(_hex("lf", 32)))),
    "Google AI": ("google-key", "AI" + "za" + "Sy" + _b64url("g1", 33)),
    "Google OAuth": ("google-oauth", "ya29" + "." + _b64url("g2", 120)),
    "Google client secret": ("google-oauth", "GOC" + "SPX-" + _b64url("g3", 28)),
    "Google AI Studio": ("google-oauth", "AQ" + ".Ab" + _b64url("g4", 50)),
    "Hugging Face": ("prefixed-key", "hf" + "_" + _b62("hf", 34)),
    "Groq": ("prefixed-key", "gsk" + "_" + _b62("gq", 52)),
    "Replicate": ("prefixed-key", "r8" + "_" + _b62("r8", 37)),
    "xAI": ("prefixed-key", "xai" + "-" + _b62("xa", 80)),
    "Perplexity": ("prefixed-key", "pplx" + "-" + _b62("pp", 48)),
    "Fireworks": ("prefixed-key", "fw" + "_" + _b62("fw", 22)),
    "NVIDIA": ("prefixed-key", "nvapi" + "-" + _b64url("nv", 64)),
    "Cerebras": ("prefixed-key", "csk" + "-" + _small("cs", 48)),
    "LangSmith": ("prefixed-key", "lsv2" + "_pt_" + _hex("ls", 32) + "_" + _hex("lt", 10)),
    "Together": ("prefixed-key", "tgp" + "_v1_" + _b64url("tg", 43)),
    "Azure OpenAI": ("azure-key", _b62("az", 52) + "JQQ" + "J99" + "BK" + _b62("ay", 24)),
    "Hugging Face, organization": ("prefixed-key", "api" + "_org_" + _b62("ho", 34)),
    "LangSmith, service": ("prefixed-key", "lsv2" + "_sk_" + _hex("lu", 32) + "_" + _hex("lv", 10)),
    "Anyscale": ("prefixed-key", "esecret" + "_" + _small("an", 40)),
    "CloudGate": ("prefixed-key", "cgk" + "_" + _b62("cg", 40)),
    "Fireworks, private": ("prefixed-key", "fpk" + "_" + _b62("fp", 40)),
    "Weights and Biases": ("prefixed-key", "wandb" + "_v1_" + _b62("wb", 60)),
    "Langfuse, public": ("sk-key", "pk-" + "lf-" + str(uuid.UUID(_hex("lp", 32)))),
    "Stripe, public": ("sk-key", "pk" + "_live_" + _b62("sp", 24)),
    "restricted, with a hyphen": ("sk-key", "rk-" + _b62("rk", 40)),
    # Code and packages.
    "GitHub, classic": ("github-token", "gh" + "p_" + _b62("gh", 36)),
    "GitHub, OAuth": ("github-token", "gh" + "o_" + _b62("gi", 36)),
    "GitHub, app": ("github-token", "gh" + "u_" + _b62("gj", 36)),
    "GitHub, installation": ("github-token", "gh" + "s_" + _b62("gk", 36)),
    "GitHub, fine-grained": ("github-token", "github" + "_pat_" + _b62("gl", 22) + "_" + _b62("gm", 59)),
    "GitLab, personal": ("gitlab-token", "gl" + "pat-" + _b64url("gn", 20)),
    "GitLab, deploy": ("gitlab-token", "gl" + "dt-" + _b64url("go", 20)),
    "GitLab, runner": ("gitlab-token", "gl" + "rt-" + _b64url("gp", 20)),
    "GitHub, refresh": ("github-token", "gh" + "r_" + _b62("gf", 76)),
    "GitLab, job": ("gitlab-token", "gl" + "cbt-" + "64_" + _b64url("gq", 20)),
    "crates.io": ("package-token", "ci" + "o" + _b62("ci", 32)),
    "npm": ("package-token", "npm" + "_" + _b62("np", 36)),
    "PyPI": ("package-token", "pypi" + "-AgEIcHlwaS5vcmc" + _b64url("py", 150)),
    "RubyGems": ("package-token", "rubygems" + "_" + _hex("rg", 48)),
    "Docker Hub": ("service-token", "dckr" + "_pat_" + _b64url("dk", 27)),
    # Clouds and services.
    "AWS, key id": ("aws-key-id", "AK" + "IA" + _capital("aw", 16)),
    "AWS, session key id": ("aws-key-id", "AS" + "IA" + _capital("ax", 16)),
    "AWS, secret": ("aws-secret", "aws_secret" + "_access_key = " + _b62("ay", 38) + "/+"),
    "AWS, secret in camel case": ("aws-secret", "aws" + "SecretKey: '" + _b62("ap", 40) + "'"),
    "AWS, secret in JSON": ("aws-secret", '"Secret' + 'AccessKey": "' + _b62("aq", 40) + '"'),
    "Azure storage": ("azure-key", "Account" + "Key=" + _b62("as", 86) + "=="),
    "Azure service bus": ("azure-key", "SharedAccess" + "Key=" + _b62("at", 43) + "="),
    "Slack, bot": ("slack-token", "xox" + "b-123456789012-1234567890123-" + _b62("sl", 24)),
    "Slack, user": ("slack-token", "xox" + "p-123456789012-123456789012-" + _hex("sm", 32)),
    "Slack, app": ("slack-token", "xap" + "p-1-A0123456789-1234567890123-" + _hex("sn", 64)),
    "Slack, webhook": (
        "slack-token", "https://hooks.slack" + ".com/services/T0123ABCD/B0123ABCD/" + _b62("so", 24),
    ),
    "Stripe, live": ("sk-key", "sk" + "_live_" + _b62("st", 24)),
    "Stripe, restricted": ("sk-key", "rk" + "_live_" + _b62("su", 24)),
    "HashiCorp Vault": ("service-token", "hv" + "s." + _b64url("hv", 90)),
    "Databricks": ("service-token", "dap" + "i" + _hex("db", 32)),
    "DigitalOcean": ("service-token", "do" + "p_v1_" + _hex("do", 64)),
    "SendGrid": ("service-token", "S" + "G." + _b64url("sg", 22) + "." + _b64url("sh", 43)),
    "Shopify": ("service-token", "shp" + "at_" + _hex("sp", 32)),
    "Square": ("service-token", "sq0" + "atp-" + _b64url("sq", 22)),
    "Figma": ("service-token", "fig" + "d_" + _b64url("fi", 40)),
    "Linear": ("service-token", "lin" + "_api_" + _b62("li", 40)),
    "Notion": ("service-token", "nt" + "n_" + _b62("nt", 46)),
    "PlanetScale": ("service-token", "pscale" + "_tkn_" + _b64url("ps", 43)),
    "Tailscale": ("service-token", "tskey" + "-auth-" + _b62("ts", 17) + "-" + _b62("tt", 32)),
    "Grafana": ("service-token", "gl" + "sa_" + _b62("gr", 32) + "_" + _hex("gs", 8)),
    "PostHog": ("service-token", "ph" + "x_" + _b62("ph", 43)),
    "Supabase": ("service-token", "sb" + "p_" + _hex("sb", 40)),
    "HashiCorp Vault, batch": ("service-token", "hv" + "b." + _b64url("hb", 130)),
    "DigitalOcean, OAuth": ("service-token", "do" + "o_v1_" + _hex("dp", 64)),
    "PostHog, project": ("service-token", "ph" + "c_" + _b62("pi", 43)),
    "1Password": ("service-token", "op" + "s_eyJ" + _b64url("op", 250)),
    "Square, access": ("service-token", "EAA" + "A" + _b64url("ea", 60)),
    "Notion, old": ("service-token", "sec" + "ret_" + _b62("no", 43)),
    "Vercel": ("service-token", "ver" + "cel_" + _b62("ve", 24)),
    "Azure storage, signed address": ("azure-key", "https://a.blob.example/c?sv=2&si" + "g=" + _b62("si", 43) + "%3D"),
    # Forms that no service owns.
    "JSON web token": ("json-web-token", _web_token(b'{"sub":"1234567890","name":"A","iat":1516239022}')),
    "bearer header": ("authorization", "Authorization: Bear" + "er " + _b62("be", 40)),
    "bearer in a shell line": ("authorization", "curl -H 'authorization: bear" + "er " + _b62("bf", 40) + "'"),
    "bearer alone": ("authorization", "Bear" + "er " + _b62("bg", 32)),
    "basic header": ("authorization", "Authorization: Ba" + "sic " + base64.b64encode(b"user:pass-7-word").decode()),
    "token header": ("authorization", "Authorization: to" + "ken " + _hex("bi", 40)),
    "API key header": ("authorization", "x-api" + "-key: " + _b62("bh", 32)),
    "RSA key": ("private-key", "-----BEGIN RSA PRI" + "VATE KEY-----"),
    "OpenSSH key": ("private-key", "-----BEGIN OPENSSH PRI" + "VATE KEY-----"),
    "PGP key": ("private-key", "-----BEGIN PGP PRI" + "VATE KEY BLOCK-----"),
    "encrypted PKCS 8": ("private-key", "-----BEGIN ENCRYPTED PRI" + "VATE KEY-----"),
    "database URL": ("url-password", "postgres" + "://app:" + _b62("pg", 14) + "@db.internal:5432/app"),
    "proxy URL": ("url-password", "https" + "://me:" + _b62("pr", 14) + "@proxy.internal"),
    "password in code": ("named-secret", "pass" + 'word = "' + _b62("pw", 14) + '"'),
    "password in JSON": ("named-secret", '"pass' + 'word": "' + _b62("px", 14) + '"'),
    "client secret in YAML": ("named-secret", "client_" + "secret: '" + _b62("py", 24) + "'"),
    "passwd in code": ("named-secret", "pass" + "wd: '" + _b62("qa", 14) + "'"),
    "access token in JSON": ("named-secret", '"access_' + 'token":"' + _b62("qb", 40) + '"'),
    "API key in a header file": ("named-secret", "API" + "KEY = '" + _hex("qc", 40) + "'"),
    "API key with a hyphen": ("named-secret", "api-" + 'key="' + _hex("qd", 32) + '"'),
    "access key in code": ("named-secret", "ACCESS_" + 'KEY = "' + _b62("qe", 20) + '"'),
    "secret access key": ("aws-secret", "secret_" + "access_key: " + _b62("qf", 40)),
    "API key in code": ("named-secret", "api_" + 'key="' + _hex("pz", 32) + '"'),
}  # fmt: skip
"""By name: the id of the row that knows it, and the value."""


def _bytes(seed: str, size: int) -> bytes:
    return random.Random(f"console {seed}").randbytes(size)


def _sha(name: str, seed: str) -> str:
    return hashlib.new(name, _bytes(seed, 20)).hexdigest()


def _integrity(name: str, seed: str) -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, _bytes(seed, 20)).digest()).decode()}"


HARMLESS: dict[str, str] = {
    # Ids and hashes.
    "UUIDs": "\n".join(str(uuid.UUID(bytes=_bytes(f"u{n}", 16), version=4)) for n in range(200)),
    "git log": "\n".join(f"commit {_sha('sha1', f'g{n}')}\n    Fix the token counter" for n in range(100)),
    "git short": " ".join(_sha("sha1", f"h{n}")[:9] for n in range(200)),
    "SHA-256 sums": "\n".join(f"{_sha('sha256', f's{n}')}  dist/file-{n}.tar.gz" for n in range(100)),
    "SHA-512": "\n".join(_sha("sha512", f"t{n}") for n in range(50)),
    "MD5": "\n".join(f"ETag: \"{hashlib.md5(_bytes(f'm{n}', 9)).hexdigest()}\"" for n in range(50)),
    "container image": f"image: registry.example/app@sha256:{_sha('sha256', 'img')}",
    "request ids": "\n".join(f"x-request-id: req_{_made(f'r{n}', _B62, 24)}" for n in range(50)),
    "trace ids": f"traceparent: 00-{_hex('tp', 32)}-{_hex('tq', 16)}-01",
    "model answer ids": f"chatcmpl-{_b62('cc', 29)} msg_{_b62('cm', 24)} resp_{_hex('cr', 48)} toolu_{_b62('ct', 24)}",
    "ULIDs": " ".join(_made(f"l{n}", string.digits + "ABCDEFGHJKMNPQRSTVWXYZ", 26) for n in range(50)),
    # Lock files.
    "package-lock.json": "\n".join(
        f'"node_modules/p{n}": {{"version": "1.{n}.0", "resolved": "https://registry.npmjs.org/p{n}/-/p{n}-1.{n}.0.tgz",'
        f' "integrity": "{_integrity("sha512", f"n{n}")}", "license": "MIT"}},'
        for n in range(200)
    ),
    "yarn.lock": "\n".join(
        f'"@scope/p{n}@^1.{n}.0":\n  version "1.{n}.0"\n  integrity {_integrity("sha512", f"y{n}")}' for n in range(100)
    ),
    "pnpm-lock.yaml": "\n".join(
        f"  p{n}@1.0.{n}:\n    resolution: {{integrity: {_integrity('sha512', f'q{n}')}}}" for n in range(100)
    ),
    "poetry.lock": "\n".join(
        f'    {{file = "p{n}-1.0-py3-none-any.whl", hash = "sha256:{_sha("sha256", f"po{n}")}"}},' for n in range(100)
    ),
    "uv.lock": "\n".join(
        f'sdist = {{ url = "https://files.pythonhosted.org/packages/{_sha("sha256", f"uv{n}")[:2]}/x/p{n}.tar.gz",'
        f' hash = "sha256:{_sha("sha256", f"uv{n}")}", size = {n} }}'
        for n in range(100)
    ),
    "requirements with hashes": "\n".join(f"p{n}==1.0 --hash=sha256:{_sha('sha256', f'rq{n}')}" for n in range(100)),
    "Cargo.lock": "\n".join(f'name = "secrecy"\nchecksum = "{_sha("sha256", f"ca{n}")}"' for n in range(100)),
    "go.sum": "\n".join(
        f"github.com/o/p{n} v1.{n}.0 h1:{base64.b64encode(_bytes(f'go{n}', 32)).decode()}" for n in range(100)
    ),
    "Gemfile.lock": "GEM\n  specs:\n    token_auth (1.2.3)\n      secret_store (~> 2.0)\nBUNDLED WITH\n   2.5.6",
    "composer.lock": "\n".join(f'"shasum": "", "reference": "{_sha("sha1", f"co{n}")}"' for n in range(100)),
    "flake.lock": f'"narHash": "{_integrity("sha256", "fl")}", "rev": "{_sha("sha1", "fm")}"',
    # Base64 that is no secret.
    "base64 image": f"data:image/png;base64,iVBORw0KGgo{base64.b64encode(_bytes('png', 40_000)).decode()}",
    "base64 font": f"src: url(data:font/woff2;base64,{base64.b64encode(_bytes('woff', 20_000)).decode()})",
    "base64 in lines": base64.encodebytes(_bytes("mime", 20_000)).decode(),
    "certificate": "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(_bytes("crt", 900)).decode()
    + "-----END CERTIFICATE-----",
    "public key": "-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(_bytes("pub", 270)).decode()
    + "-----END PUBLIC KEY-----",
    "SSH public key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{base64.b64encode(_bytes('ssh', 32)).decode()} me@host",
    "source map": '"mappings":"' + ";".join("AAAA,SAASA,IACP,OAAO" for _ in range(300)) + '"',
    # Placeholders and references.
    ".env.example": "OPENAI_API_KEY=\nANTHROPIC_API_KEY=your-api-key-here\nTOKEN=changeme\nDB_PASSWORD=<password>\n"
    "AWS_SECRET_ACCESS_KEY=xxxxxxxxxxxxxxxxxxxxxxxx\nGITHUB_TOKEN=ghp_xxx\nSECRET_KEY=${SECRET_KEY}\n"
    "DATABASE_URL=postgres://user:password@localhost/db\nLITELLM_KEY=sk-...\nGW=sk-your-key-here-please\n",
    "workflow": "env:\n  TOKEN: ${{ secrets.GITHUB_TOKEN }}\n  API_KEY: ${{ secrets.OPENAI_API_KEY }}\n"
    "  - uses: actions/checkout@" + _sha("sha1", "wf") + " # v4",
    "token references": 'token_ref = ["env:MODEL_GATEWAY_TOKEN", "keyring://gateway-console/acme", "vault:acme"]',
    "compose file": "environment:\n  - POSTGRES_PASSWORD=${DB_PASSWORD}\n  - JWT_SECRET=${JWT_SECRET:?}\n",
    "Helm values": "existingSecret: my-release-credentials\npasswordKey: postgres-password\ntokenSecretName: gw-token",
    "Terraform": 'variable "db_password" {\n  type = string\n  sensitive = true\n}\npassword = var.db_password\n',
    # Code in several languages.
    "Python": "import secrets\n\ndef authorize(token: str) -> dict[str, str]:\n    password = getpass.getpass()\n"
    '    api_key = os.environ["OPENAI_API_KEY"]\n    headers = {"Authorization": f"Bearer {token}"}\n'
    "    return headers | {'x-api-key': api_key}\n",
    "Python tests": 'assert parse(token="abc") == Token("abc")\nsecret = Secret.parse(value)\nmask_sk = model_sk_2\n',
    "JavaScript": 'const apiKey = process.env.API_KEY;\nfetch(url, {headers: {Authorization: `Bearer ${apiKey}`}});\n'
    'const password = document.querySelector("#password-field-2").value;\n',
    "TypeScript": 'interface Login { password: string; accessToken?: string }\nconst token = await getAccessToken();\n',
    "Go": 'req.Header.Set("Authorization", "Bearer "+token)\napiKey := os.Getenv("API_KEY")\nsecret := cfg.Secret\n',
    "Rust": 'let token: String = env::var("TOKEN")?;\nlet auth = format!("Bearer {token}");\nlet secret_key = &k[0];\n',
    "Java": 'private final String password;\nString apiKey = System.getenv("API_KEY");\n'
    'conn.setRequestProperty("Authorization", "Basic " + encoded);\n',
    "C": '#define TOKEN_MAX 512\nstatic const char *password = NULL;\nif (!strcmp(token, "identifier")) return 1;\n',
    "C++": "std::string secret_key{};\nauto token = lexer.next_token();  // basic_string<char16_t>\n",
    "C#": 'var password = Environment.GetEnvironmentVariable("PASSWORD");\nstring token = config["Auth:Token"];\n',
    "Ruby": "token = ENV.fetch('TOKEN')\npassword = params[:password]\nhttp.basic_auth user, password\n",
    "PHP": "$password = $_POST['password'];\n$token = getenv('TOKEN') ?: '';\n$apiKey = config('services.key');\n",
    "shell": 'curl -H "Authorization: Bearer $TOKEN" "$URL"\nexport API_KEY="$(pass show acme)"\nread -rs PASS\n',
    "PowerShell": '$headers = @{ Authorization = "Bearer $token" }\n$password = Read-Host -AsSecureString\n',
    "SQL": "ALTER USER app WITH PASSWORD :'password';\nSELECT token_id, secret_hash FROM sessions WHERE id = $1;\n",
    "Kotlin": 'val token: String? = prefs.getString("access_token", null)\nval password = passwordField.text\n',
    "Swift": 'let token = try Keychain.read("gateway")\nrequest.setValue("Bearer \\(token)", forHTTPHeaderField: h)\n',
    "HTML": '<input type="password" name="password" autocomplete="current-password">\n<label>API key</label>\n',
    "CSS": ".sk-loading-indicator-wrapper-2 { color: red }\n.pk-navigation__item--active { display: block }\n",
    "JSON schema": '{"password": {"type": "string", "minLength": 12}, "access_token": {"type": "string"}}',
    "OpenAPI": "securitySchemes:\n  bearer:\n    type: http\n    scheme: bearer\n  basic:\n    scheme: basic\n",
    "Markdown": "Basic authentication is refused. A bearer token is needed; see [tokens](https://docs.example/tokens).\n",
    "prose": "The secret of a basic recipe: pass the word on. Password rules: at least 12 characters and 2 digits.\n",
    "URLs": "https://example.com:8443/path http://user@host/x git@github.com:o/r.git ssh://git@host:22/r"
    " https://registry.npmjs.org/@scope/name redis://localhost:6379/0",
    "minified": "!function(e,t){var n=e.token,r=t.password;return n?r:void 0}(a,b),c.secret=function(){return 4};" * 40,
    "diff": f"diff --git a/secret.py b/secret.py\nindex {_sha('sha1', 'd1')[:9]}..{_sha('sha1', 'd2')[:9]} 100644\n",
    "log": "2026-11-22T10:11:12.123Z INFO token=expired password=*** api_key=[redacted] authorization: Bearer ***\n",
    "models": "sk-learn scikit-learn pk-2 risk-2024-assessment-report task-1234567890-abcdefgh desk-booking-2026\n",
    "identifiers": "hf_transformers_library_model fw_iptables_rules_default r8_optimization_rules_enabled\n"
    "xai-explainable-ai-toolkit api_org_settings_page_title pk_user_accounts_v2_idx sk_customer_dimension_2024\n",
    "database URLs with placeholders": "postgres://postgres:postgres@localhost:5432/x mysql://root:secret@db/x\n"
    "https://user:password@example.com redis://:password@host:6379\n",
    "documentation of headers": "Authorization: Bearer YOUR_API_KEY\n-H 'Authorization: Bearer <token>'\n"
    "Authorization: Bearer $OPENAI_API_KEY\nx-api-key: YOUR_API_KEY\n",
    "challenge": 'WWW-Authenticate: Bearer realm="gw-2", error="invalid_token"\nBearer realm=service.example.com\n',
    "sentences": "A basic implementation2 of step 3. Bearer authentication2 is the second kind.\n",
    "test fixtures": 'login(user="alice", password="password123")\n'
    'client(api_key="my-api-key-2", token="test-token-123")\n'
    'headers = {"Authorization": "Bearer test-token-123", "x-api-key": "test-key-for-unit-tests-1"}\n'
    'access_token = "access-token-value-1"\namqp://guest:guest@localhost postgresql://testing:testing@127.0.0.1/db\n',
    "placeholder keys": "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx "
    "AIzaXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX xoxb-your-token-here\n"
    "glpat-your-access-token-here sk-proj-xxxxxxxxxxxxxxxxxxxxxxxx "
    "sk-ant-api03-your-key-goes-here sk-1111111111111111\n",
    "escaped code": r"import re\nsk-learn-model-selection"
    r"\n\tpattern = \"\\b\\w+\"\n%20bearer%20authentication2%0Abasic+auth",
    "class names": "hf_AutoModelForCausalLMWithValueHead sk_GradientBoostingClassifier "
    "pk_AbstractSingletonProxyFactoryBean\n",
    "kubernetes": "name: app-7d4b9c6f5d-x2x7q\nuid: 1f0c1b1e-7b1a-4d5e-9c1a-2b3c4d5e6f70\nsecretName: gateway-token\n",
}  # fmt: skip
"""Text in which nothing is a secret."""
