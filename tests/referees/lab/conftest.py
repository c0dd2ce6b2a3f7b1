"""The referee lab: real gateways before a scripted upstream, whose journal is the truth.

An operator's command runs in the test's process and makes real calls over HTTP on loopback:

    console command  ->  gateway (nginx, Portkey, claude-code-router, LiteLLM, or none)  ->  scripted upstream

`support/referees/lab/script.py` is the table of what the upstream does, by the name of the model that is called, and
of what is true then. Each file of tests here is about one gateway, or about one thing that gateways do, and compares
what the console says with that truth. A gateway may hide the truth, and then the console may say less, but nothing
greener.

The gateways run once for each process of the tests, with keys made up here, telemetry off, on loopback alone. nginx is
Debian's package; `.ci/gateways` pins the others, and names what a missing one needs.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.referees import agents
from support.referees.lab import code_router as code_router_of_npm
from support.referees.lab import litellm, nginx, npm, portkey
from support.referees.lab.gateway import LabGateway
from support.referees.lab.operator import Operator
from support.referees.lab.upstream import Upstream, run_upstream
from support.referees.not_tested import not_tested


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """Run the scripted upstream for the session."""
    with run_upstream() as upstream:
        yield upstream


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Return an operator with an empty home."""
    return Operator(tmp_path)


@pytest.fixture
def direct(upstream: Upstream) -> LabGateway:
    """Return the upstream itself, as a provider without a gateway."""
    return LabGateway("direct", upstream.base_url, upstream.key)


@pytest.fixture(scope="session")
def nginx_url(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run nginx for the session."""
    if nginx.PROGRAM is None:
        not_tested("nginx", "it is not installed; apt-get install -y --no-install-recommends nginx")
    with nginx.run_nginx(tmp_path_factory.mktemp("nginx"), upstream.base_url) as base_url:
        yield base_url


def _from_npm(script: str) -> npm.NpmProgram:
    """Return a program from npm; without it the tests say so loudly."""
    program = npm.find_program(script)
    if program is None:
        not_tested("/".join(script.split("/")[:2]), f"it is not installed; {npm.HOW_TO_GET_IT}", agents.EXCUSE_VARIABLE)
    return program


@pytest.fixture(scope="session")
def portkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run Portkey for the session."""
    with _from_npm(portkey.SCRIPT).run(tmp_path_factory.mktemp("portkey"), "--headless", ready="/") as base_url:
        yield base_url


@pytest.fixture(scope="session")
def code_router(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabGateway]:
    """Run claude-code-router for the session."""
    program = _from_npm(code_router_of_npm.SCRIPT)
    with code_router_of_npm.run_code_router(tmp_path_factory.mktemp("router"), program, upstream) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def lite(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabGateway]:
    """Run LiteLLM for the session."""
    python = litellm.installed()
    if python is None:
        not_tested("LiteLLM", litellm.HOW_TO_GET_IT, litellm.EXCUSE_VARIABLE)
    with litellm.run_litellm(tmp_path_factory.mktemp("litellm"), python, upstream) as gateway:
        yield gateway
