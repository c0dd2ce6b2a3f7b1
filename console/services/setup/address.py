"""What an operator types as a gateway: a preset, or an address that may have too many steps."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from console.domain.routes.endpoint_path import last_version
from console.domain.routes.family import EndpointFamily, family_of_path, path_ending
from console.domain.routes.gateway_address import documented_paths
from console.domain.setup.preset import Preset, preset_named, presets
from console.domain.text.secret_scan import looks_like_secret
from console.services.gateway.address import base_address, check_base_url, is_loopback

_BARE = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::\d{1,5})?(?:/[!-~]*)?")


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """Where a gateway is, and where each family probably is on it."""

    base_url: str
    paths: dict[EndpointFamily, str]
    preset: Preset | None = None
    notes: tuple[str, ...] = ()
    """What was not taken as it was typed."""

    @property
    def name(self) -> str:
        """A name for a profile of this gateway."""
        host = (urlsplit(self.base_url).hostname or "").lower()
        if self.preset is not None:
            return self.preset.name
        if is_loopback(host) or re.fullmatch(r"[0-9.:]+", host):
            return "local"
        labels = [each for each in host.split(".")[:-1] if each not in ("api", "www", "gateway", "ai")] or [host]
        return re.sub(r"[^A-Za-z0-9_-]", "-", labels[-1])[:40].strip("-") or "main"


def read_gateway(text: str) -> Preset | GatewayAddress:
    """Read what was typed as a gateway.

    Raises:
        ValueError: It is neither a preset nor a usable address. The message never holds the text, which may be a token.

    """
    if (preset := preset_named(text)) is not None:
        return preset
    if (words := looks_like_secret(text, is_address=True)) is not None:
        raise ValueError(
            f"this looks like {words}, and was not taken. The token is asked for later, without echo: here goes the"
            " gateway's address, such as https://gateway.example.com"
        )
    return read_address(text)


def read_address(text: str, preset: Preset | None = None) -> GatewayAddress:
    """Read an address, without the steps that belong to the routes.

    Args:
        text: What was typed.
        preset: The preset whose address it is; None if none was named.

    Raises:
        ValueError: It cannot be used. The message never holds the text.

    """
    typed, notes = text.strip(), []
    if "://" not in typed and typed != "sim:":
        typed, note = _with_scheme(typed)
        notes.append(note)
    address, version = typed, ""
    try:
        parts = urlsplit(typed)
    except ValueError:
        parts = urlsplit("")
    if parts.netloc and "@" not in parts.netloc and not parts.query and not parts.fragment:
        stem, version = _stem(parts.path)
        address = f"{parts.scheme.lower()}://{parts.netloc}{stem}"
        if stem.strip("/") != parts.path.strip("/"):
            notes.append("the end of the path is left out, because the routes name it")
    if typed == "sim:":
        raise ValueError("sim: is the embedded gateway, which needs no set-up: gateway-console demo")
    if (fault := check_base_url(address)) is not None:
        raise ValueError(f"the address {fault}")
    return GatewayAddress(address, _paths(address, version, preset), preset, tuple(notes))


def read_place(text: str, preset: Preset) -> GatewayAddress:
    """Read where a preset's gateway is: the caller's own steps of its address, or a whole address.

    Raises:
        ValueError: It cannot be used. The message never holds the text, which may be a token.

    """
    if (words := looks_like_secret(text, is_address=True)) is not None:
        raise ValueError(f"this looks like {words}, and was not taken; the address goes here")
    if not preset.places or "://" in text:
        return read_address(text, preset)
    own = text.strip().strip("/").split("/")
    if len(own) != len(preset.places) or not all(re.fullmatch(r"[A-Za-z0-9._~-]{1,100}", each) for each in own):
        raise ValueError(f"write {'/'.join(preset.places)}: letters, digits and . _ ~ - alone in each")
    return read_address(preset.filled(dict(zip(preset.places, own, strict=True))), preset)


def how_to_answer() -> str:
    """Return what an answer to the question for the gateway may be."""
    return f"an address, or one of {', '.join(each.name for each in presets())}"


def _with_scheme(typed: str) -> tuple[str, str]:
    """Return a bare host with the scheme that it needs, and a note. Raises `ValueError` if it is not one."""
    if _BARE.fullmatch(typed) is not None:
        host = urlsplit(f"//{typed}").hostname or ""
        if is_loopback(host):
            return f"http://{typed}", "http:// is added, because the host is this machine"
        if "." in host:
            return f"https://{typed}", "https:// is added"
    raise ValueError(
        f"this is neither an address nor the name of a gateway that is known here. Write {how_to_answer()}"
    )


def _stem(path: str) -> tuple[str, str]:
    """Return a path without an endpoint's steps and the version before them, and that version."""
    stem = re.sub(r"/{2,}", "/", path).rstrip("/")
    family = family_of_path(stem)
    if family is not None:
        stem = stem.removesuffix(path_ending(family))
    elif found := next((each for each in ("/models", "/completions", "/embeddings") if stem.endswith(each)), None):
        stem = stem.removesuffix(found)
    version = last_version(stem) or ""
    while version and last_version(stem) == version:  # typed twice, it is as wrong as typed once
        stem = stem.removesuffix(f"/{version}")
    return stem, version


def _paths(base_url: str, version: str, preset: Preset | None) -> dict[EndpointFamily, str]:
    """Return where each family probably is: as documents say, as the preset says, or at the usual place."""
    if preset is not None and preset.paths:
        return dict(preset.paths)
    base = base_address(base_url)
    found: dict[EndpointFamily, str] = {}
    for family in EndpointFamily:
        documented = documented_paths(base, family)
        usual = f"/{version}{path_ending(family)}" if version else family.standard_path
        found[family] = usual if not documented or usual in documented else documented[0]
    return found
