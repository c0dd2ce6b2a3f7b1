"""What looking for secrets costs, against its limit: CPU time of texts of 100 kB that want to be slow.

`python tests/bench/guarding.py`

CPU time and not wall time: on a shared machine wall time swings two- to fivefold, CPU time by a few percent.
"""

import sys
import time
from collections.abc import Callable

from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets, looks_like_secret, scrub, secret_patterns
from console.domain.tokens.registry import SecretRegistry
from console.domain.tokens.secret import Secret

SIZE, LIMIT_MS = 100_000, 300.0
ROUNDS = 3
TOKENS = 20

UNITS = (
    "a", "A", "0", "a1", "aB1", "_", "-", ".", "/", "=", "+", "%", " ", "\n", "\t", "'", '"', ":", "a.", "a:", "a-",
    "a ", "\u00e9", "\u0130", "\x00", "\ud800", "eyJ", "eyJa", "eyJaaaaaaaa.", "eyJaaaaaaaa..", "eyJ.", "sk-", "sk-a",
    "sk_", "sk-1", "pk-", "rk_", "bearer ", "bearer a", "bearer  ", "bearer aaaaaaaaaaaa ", "basic ", "basic\t",
    "basic a", "authorization: ", "authorization: bearer ", "authorization" + " "*9, "api-key:", "x-api-key: a",
    "api-key" + " "*9, "password", "password=", "password='", 'password="a', "password='a ", "password" + " "*9,
    "secret='", "secret='1", "token", "access_token\":\"", "api_key = ", "://", "a://", "a://b:", "a://b:c",
    "http://a:b", "a://bbbbbb:cccccc", "aaaaaaaaaaaaaaaaaaa://", "-----BEGIN ", "-----BEGIN A ", "BEGIN A ",
    "private key", "JQQJ99", "aJQQJ99", "&sig=", "?sig=a", "AccountKey=a", "SharedAccessKey=", "aws_secret",
    "aws_secret_access_key=", "AKIA", "AKIAA", "xoxb-", "xoxb-a", "xapp-1-", "hooks.slack.com/services/T", "SG.",
    "SG.a", "SG.aaaaaaaaaaaaaaaa.", "hvs.", "dapi", "dapia", "ghp_", "ghp_a", "github_pat_", "glpat-", "npm_",
    "pypi-AgE", "hf_", "gsk_a", "AIza", "AIzaa", "ya29.", "ya29.a", "tskey-abc-", "sbp_a", "phc_a", "sq0abc-", "***",
    "sk-...", "xxxxxxxx", "EAAA", "/EAAA", "ops_eyJ", "secret_a", "vercel_a", "eyJaaaaaaaa.a", "aJQQJ", "a-", "sk-a1b-",
    "\\n", "\\\\", "\\u0041", "\\/", "%41", "%25", "\\nsk-", "\\\\\\\\n", "%3Dsk-a1B2", "sk-aB3dE5gH7jK9mN1pQ2rS ",
    "password='aB3dE5gH7jK9' ", "bearer aB3dE5gH7jK9 ", "\\nbearer aB3dE5gH7jK9",
)  # fmt: skip
"""What hostile texts repeat: beginnings of what the rows look for."""

FILLINGS = ("a", "A", "0", "a ", "eyJ", "sk-a", "bearer a", "password='a", "a://b:c", "aaaaaaaaaaaa.")


def hostile() -> dict[str, str]:
    """Return hostile texts of 100 kB, by what they repeat."""
    texts = {repr(unit): (unit * SIZE)[:SIZE] for unit in UNITS}
    every = " ".join(needle for pattern in secret_patterns() for needle in pattern.needles)
    for filling in FILLINGS:
        texts[f"every needle, then {filling!r}"] = f"{every} {filling * SIZE}"[:SIZE]
    for pattern in secret_patterns():
        for needle in pattern.needles:
            texts[f"{needle!r} again and again"] = (needle * SIZE)[:SIZE]
            texts[f"{needle!r} and 'a1' again and again"] = (f"{needle}a1" * SIZE)[:SIZE]
            texts[f"{needle!r}, then 'a'"] = (needle + "a" * SIZE)[:SIZE]
    return texts


def cpu_ms(deed: Callable[[str], object], text: str) -> float:
    """Return the CPU time of one look, in milliseconds: the least of a few."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        deed(text)
        times.append(time.process_time() - start)
        if times[-1] * 1000 < LIMIT_MS / 10:
            break
    return min(times) * 1000


def worst(name: str, deed: Callable[[str], object], texts: dict[str, str]) -> float:
    """Print the slowest texts of one deed and return the slowest one's time."""
    deed("first")
    times = {key: cpu_ms(deed, text) for key, text in texts.items()}
    slowest = sorted(times, key=lambda key: -times[key])
    print(f"{name:34} {times[slowest[0]]:7.1f} ms  limit {LIMIT_MS:.0f} ms  over {len(texts)} texts")
    for key in slowest[:4]:
        print(f"  {key[:40]:40} {times[key]:7.1f} ms")
    return times[slowest[0]]


def main() -> int:
    """Print every figure beside its limit; return 1 where one is over it."""
    texts = hostile()
    registry = SecretRegistry()
    tokens = [f"tk-{number:04d}-Qw3rTy7uIo+PaSdFg8hJk/LzXc" for number in range(TOKENS)]
    for token in tokens:
        registry.add(Secret(token))
    near = {f"{token[:-1]!r}": (token[:-1] * SIZE)[:SIZE] for token in tokens}
    figures = [
        worst("find_secrets", find_secrets, texts),
        worst("looks_like_secret", looks_like_secret, texts),
        worst("scrub", scrub, texts),
        worst("safe", safe, texts),
        worst(f"is_hit, {TOKENS} tokens", registry.is_hit, texts | near),
        worst(f"redact, {TOKENS} tokens", registry.redact, texts | near),
    ]
    return int(max(figures) > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
