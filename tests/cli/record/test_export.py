"""`record export`: others read what `record show` says, signed by the operator, and written for them alone."""

import base64
import json
import re
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from support.cli.console_process import Console
from support.record.in_toto import checked
from support.record.runs import Runs
from support.record.sshsig_key import SshsigKey
from support.run.gateway import run_gateway
from support.run.signing_keys import list_signers, make_key

from console.domain.tokens.secret import Secret
from console.services.record.envelope import pae
from console.services.system.leak_guard import LEAK_GUARD
from console.view.record.exports import Form

ARTICLE = yaml.safe_load((Path(__file__).parents[2] / "data" / "yaml_configs" / "run_record.yaml").read_text())


PAGE = Path(__file__).parents[3] / "docs" / "exports.md"


@pytest.fixture
def runs(console: Console, tmp_path: Path) -> Runs:
    return Runs(console, tmp_path)


@pytest.fixture
async def sealed(runs: Runs) -> AsyncIterator[Runs]:
    """Seal a run with another gateway than the embedded one."""
    async with run_gateway() as gateway:
        runs.environment = {"GATEWAY_TOKEN": gateway.token}
        await runs.seal(base_url=gateway.base_url, token_ref="env:GATEWAY_TOKEN")
        yield runs


async def test_a_simulated_run_is_no_evidence_unless_that_is_said(runs: Runs) -> None:
    await runs.seal()
    for form in Form:
        refused = await runs.export(form)
        assert (refused.code, "--allow-simulated" in refused.complaint) == (11, True)
        allowed = await runs.export(form, "--allow-simulated", *(("--unsigned",) if form is Form.IN_TOTO else ()))
        assert (allowed.code, "imulated" in allowed.stdout) == (0, True)
        assert "simulated: the embedded gateway answered" in allowed.stderr
    shown = yaml.safe_load((await runs.export("yaml", "--allow-simulated")).stdout)
    assert {name for name in ARTICLE if shown[name] is None} == set(), "every field of the article has a value"
    assert [name for name in shown if name in ARTICLE] == list(ARTICLE), "in the article's order"
    assert {name: type(shown[name]) for name in ARTICLE} == {name: type(value) for name, value in ARTICLE.items()}
    assert shown["review_status"] in ARTICLE["review_status"].split(" | ")


async def test_json_is_the_document_that_show_writes(sealed: Runs) -> None:
    exported = await sealed.export("json")
    assert exported.document["schema"] == "gateway-console/record/v1"
    assert exported.stdout == (await sealed.run("record", "show", "last", "--json")).stdout
    assert exported.stderr == ""
    asked = (await sealed.export("markdown", "--json")).document
    assert (asked["text"], asked["output"]) == ((await sealed.export("markdown")).stdout, None)


async def test_a_file_is_new_whole_and_for_its_owner_alone(sealed: Runs) -> None:
    file, taken, link = sealed.place / "record.html", sealed.place / "taken", sealed.place / "link"
    taken.write_text("mine")
    link.symlink_to(taken)
    written = await sealed.export("html", "--output", file)
    assert (written.code, written.stdout, stat.S_IMODE(file.stat().st_mode)) == (0, "", 0o600)
    assert file.read_text().startswith("<!doctype html>")
    assert (await sealed.export("html", "--output", "-")).stdout == file.read_text()
    for path in (taken, link, sealed.place):
        refused = await sealed.export("html", "--output", path)
        assert (refused.code, "exists and was not changed" in refused.complaint) == (2, True)
    lost = await sealed.export("html", "--output", sealed.place / "no" / "record.html")
    assert (lost.code, "its directory does not exist" in lost.complaint) == (1, True)
    read_only = await sealed.run("--read-only", "record", "export", "last", "--as", "yaml", "--output", "new")
    assert (read_only.code, "nothing was done" in read_only.complaint) == (11, True)
    assert (await sealed.export("junit", "--output", link, "--force")).code == 0
    assert (taken.read_text(), link.is_symlink(), stat.S_IMODE(link.stat().st_mode)) == ("mine", False, 0o600)
    assert list(sealed.place.glob(".*html*")) == []


async def test_a_record_with_a_token_of_this_process_does_not_leave(sealed: Runs) -> None:
    file = sealed.place / "record"
    commit = sealed.repository.git("rev-parse", "HEAD").strip()
    LEAK_GUARD.add(Secret(commit))
    for form in Form:
        refused = await sealed.export(form, "--output", file)
        assert (refused.code, "record.repository_state.commit seems to contain" in refused.complaint) == (11, True)
        assert commit not in refused.stderr
    assert not file.exists()


async def test_statements_are_signed_and_dsse_tools_read_them(sealed: Runs) -> None:
    keyless = await sealed.export("in-toto")
    assert (keyless.code, "names no operator_key" in keyless.complaint, "--unsigned" in keyless.complaint) == (
        2,
        True,
        True,
    )
    bare = (await sealed.export("in-toto", "--unsigned")).stdout
    ann, ben = (make_key(sealed.place, name) for name in ("ann", "ben"))
    sealed.configure(policy=f'operator_key = "{ann}"')
    signed = await sealed.export("in-toto")
    assert signed.code == 0, signed
    keys = [SshsigKey(key, list_signers(sealed.place, ann, ben), sealed.place) for key in (ann, ben)]
    envelopes = [json.loads(line) for line in signed.stdout.splitlines()]
    assert [base64.b64decode(each["payload"]).decode() for each in envelopes] == bare.splitlines()
    assert {each["payloadType"] for each in envelopes} == {"application/vnd.in-toto+json"}
    assert len(envelopes) == 3
    for each in envelopes:
        envelope = Envelope.from_dict(each)
        checked(json.loads(envelope.payload))
        assert envelope.pae() == pae(envelope.payload)
        assert list(envelope.verify(keys, 1)) == [keys[0].keyid]
        with pytest.raises(VerificationError):
            envelope.verify(keys[1:], 1)
        envelope.payload = envelope.payload.replace(b'"ready"', b'"block"').replace(b"PASSED", b"FAILED") + b" "
        with pytest.raises(VerificationError):
            envelope.verify(keys, 1)


async def test_the_page_verifies_a_bundle_without_this_console(sealed: Runs) -> None:
    ann, ben = (make_key(sealed.place, name) for name in ("ann", "ben"))
    sealed.configure(policy=f'operator_key = "{ann}"')
    bundle = sealed.place / "record.intoto.jsonl"
    assert (await sealed.export("in-toto", "--output", bundle)).code == 0
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    def verified() -> tuple[int, int]:
        done = subprocess.run(["sh", "-c", block], cwd=sealed.place, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.count("Good ")

    list_signers(sealed.place, ann)
    assert verified() == (0, 3)
    list_signers(sealed.place, ben)
    assert verified() == (1, 0)
    list_signers(sealed.place, ann)
    first, *others = map(json.loads, bundle.read_text().splitlines())
    other = base64.b64decode(first["payload"]).replace(b'"status":"closed"', b'"status":"active"')
    first["payload"] = base64.b64encode(other).decode()
    bundle.write_text("".join(json.dumps(each) + "\n" for each in (first, *others)))
    assert verified()[0] != 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--as", "json", "--unsigned"), "the form json has no signature; leave --unsigned out"),
        (("--as", "json", "--force"), "--force replaces a file; name it with --output FILE"),
        (("--as", "sarif"), "invalid choice: 'sarif'"),
        ((), "--as"),
    ],
)
async def test_what_cannot_be_meant_is_refused(console: Console, arguments: tuple[str, ...], words: str) -> None:
    refused = await console.run("record", "export", "last", *arguments)
    assert (refused.code, words in refused.complaint) == (2, True)
