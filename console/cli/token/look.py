"""`token list`, `check` and `doctor`: they change nothing."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import Literal

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.reports.code import code_of_token
from console.cli.token.report import Report, audit
from console.cli.token.subject import Subject
from console.domain.tokens.state import TokenState
from console.services.tokens.advice import advice
from console.services.tokens.diagnosis import Diagnosis, diagnose
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.sources import Sources, TokenAnswer
from console.view.token_sign import token_sign

_Asked = tuple[Reference, TokenAnswer]


def run(subject: Subject, arguments: argparse.Namespace) -> ExitCode:
    """Run `list`, `check` or `doctor`."""
    if arguments.kind == "doctor":
        return asyncio.run(_doctor(subject, as_json=arguments.json, is_read_only=arguments.read_only))
    if not subject.references:
        output.note("The profile has no token_ref: calls carry no token.")
    key = subject.fingerprint_key(may_make=not arguments.read_only)
    if arguments.kind == "list":
        asked = asyncio.run(_ask_all(subject))
        _show(subject, "list", asked, None, key, as_json=arguments.json)
        return ExitCode.OK
    return _check(subject, key, as_json=arguments.json)


async def _ask_all(subject: Subject) -> list[_Asked]:
    return [(each, await _ask(each, subject.silent_sources, subject.origin)) for each in subject.references]


async def _ask(reference: Reference, sources: Sources, origin: str | None) -> TokenAnswer:
    """Ask a reference, but not for a token that does not exist yet, and not a person whose answer is not needed."""
    if reference.scheme is Scheme.SIM:
        return TokenAnswer(TokenState.UNASKED, reason="made at each start of the embedded gateway, never stored")
    if reference.scheme is Scheme.PROMPT and not sources.prompt.can_ask:
        return TokenAnswer(TokenState.UNASKED, reason="asked on the terminal when a call needs it")
    return await sources.ask(reference, origin)


def _check(subject: Subject, key: bytes | None, *, as_json: bool) -> ExitCode:
    asked, chosen = asyncio.run(_ask_in_order(subject))
    _show(subject, "check", asked, chosen, key, as_json=as_json)
    if chosen is None:
        return ExitCode.OK
    reference, answer = asked[chosen]
    fingerprint = None if key is None or answer.secret is None else answer.secret.fingerprint(key)
    audit(
        subject,
        "check",
        Report("check", answer.state.value, "", reference, answer.origin, answer.source, fingerprint),
    )
    if answer.state in (TokenState.FOUND, TokenState.UNASKED):
        return ExitCode.OK
    output.complain(advice(answer, reference, subject.references))
    return code_of_token(answer.state)


async def _ask_in_order(subject: Subject) -> tuple[list[_Asked], int | None]:
    """Ask all references, a person only until one answers; return the index of the one that ends the search."""
    asked: list[_Asked] = []
    chosen: int | None = None
    for place, reference in enumerate(subject.references):
        sources = subject.sources if chosen is None else subject.silent_sources
        answer = await _ask(reference, sources, subject.origin)
        if chosen is None and answer.state is not TokenState.ABSENT:
            chosen = place
        asked.append((reference, answer))
    return asked, chosen if chosen is not None or not asked else len(asked) - 1


def _show(
    subject: Subject,
    action: Literal["list", "check"],
    asked: Sequence[_Asked],
    chosen: int | None,
    key: bytes | None,
    *,
    as_json: bool,
) -> None:
    fingerprints = [None if answer.secret is None or not key else answer.secret.fingerprint(key) for _, answer in asked]
    answers = [place == chosen and answer.state is TokenState.FOUND for place, (_, answer) in enumerate(asked)]
    if as_json:
        from console.cli.reports.documents.token import AskedReferenceDocument, TokenReferencesDocument

        described = (
            AskedReferenceDocument(
                reference=str(reference),
                state=answer.state,
                answers=does_answer,
                origin=answer.origin,
                source=answer.source or None,
                fingerprint=fingerprint,
                message=_words(reference, answer),
            )
            for (reference, answer), fingerprint, does_answer in zip(asked, fingerprints, answers, strict=True)
        )
        output.write_document(
            TokenReferencesDocument(
                action=action, profile=subject.profile.name, origin=subject.origin, references=tuple(described)
            )
        )
        return
    lines = [("reference", "state", "origin", "source", "fingerprint", "")]
    lines += [
        (
            str(reference),
            str(token_sign(answer.state)),
            answer.origin or "-",
            answer.source or "-",
            fingerprint or "-",
            "; ".join(filter(None, ("answers" if does_answer else "", _words(reference, answer)))),
        )
        for (reference, answer), fingerprint, does_answer in zip(asked, fingerprints, answers, strict=True)
    ]
    widths = output.column_widths(lines)
    for line in lines if len(lines) > 1 else ():
        output.write_line(output.table_line(line, widths))


def _words(reference: Reference, answer: TokenAnswer) -> str:
    if answer.state is TokenState.FOUND and reference.scheme.is_store and answer.origin is None:
        return "not bound to an origin: another tool stored it; bind it with token rebind"
    return answer.reason


async def _doctor(subject: Subject, *, as_json: bool, is_read_only: bool) -> ExitCode:
    diagnosis = await diagnose(
        subject.references, subject.silent_sources, subject.origin, current().environment, is_read_only=is_read_only
    )
    facts = _facts(diagnosis)
    if as_json:
        from console.cli.reports.documents.token import TokenDoctorDocument

        document = TokenDoctorDocument(
            profile=subject.profile.name,
            origin=subject.origin,
            reference=None if diagnosis.reference is None else str(diagnosis.reference),
            state=diagnosis.state,
            message=diagnosis.words,
            next=diagnosis.next_commands,
            machine=facts,
        )
        output.write_document(document)
    else:
        widths = output.column_widths([(name, "") for name in facts])
        for name, words in facts.items():
            output.write_line(output.table_line((name, words), (widths[0], 0)))
        output.write_line(f"{token_sign(diagnosis.state)}  {diagnosis.words}")
        for command in diagnosis.next_commands:
            output.write_line(f"    {command}")
    return ExitCode.OK if diagnosis.state is TokenState.FOUND else code_of_token(diagnosis.state)


def _facts(diagnosis: Diagnosis) -> dict[str, str]:
    machine = diagnosis.machine
    return {
        "keyring": f"{machine.keyring}: {machine.keyring_words}" if machine.keyring_words else machine.keyring.value,
        "display": "there" if machine.has_display else "none",
        "ssh": "yes" if machine.is_ssh else "no",
        "kernel keyring": "keeps tokens in memory" if machine.has_kernel else machine.kernel_words,
        "vault": machine.vault_words,
    }
