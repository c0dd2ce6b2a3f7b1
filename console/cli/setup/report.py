"""What `init` prints when it is done."""

from collections.abc import Sequence

from console.cli import output
from console.domain.finding import Finding, Severity
from console.domain.probes.proven_route import ProvenRoute
from console.domain.run.needed_roles import check_roles
from console.domain.text.safe import safe
from console.services.config.settings import Profile
from console.services.setup.config_place import Placed


def table_findings(profile: Profile) -> tuple[Finding, ...]:
    """Return what is found of a profile's route table as a whole."""
    roles = [route.role for route in profile.table]
    return tuple(check_roles(profile.name, roles, profile.policy.max_attempts, Severity.WARN))


def show_setup(
    profile: Profile,
    toml: str,
    placed: Placed | None,
    *,
    as_json: bool,
    is_shown: bool,
    notes: Sequence[str] = (),
    routes: Sequence[ProvenRoute] = (),
    holds: bool | None = None,
) -> None:
    """Write the document, or the profile's text if it goes to stdout, and the findings on its table.

    Args:
        profile: The profile.
        toml: What was written, or would be.
        placed: Where it was written; None if it was not.
        as_json: Whether to write the document.
        is_shown: Whether the profile's text goes to stdout.
        notes: What was said about it.
        routes: What the free check showed.
        holds: Whether it held; None if there was none.

    """
    findings = table_findings(profile)
    if as_json:
        from console.cli.reports.documents.finding import FindingDocument
        from console.cli.reports.documents.init import InitDocument, InitRouteDocument

        backup = None if placed is None or placed.backup is None else safe(str(placed.backup))
        document = InitDocument(
            profile=profile.name,
            config=None if placed is None else safe(str(placed.path)),
            backup=backup,
            default_profile=None if placed is None else placed.default,
            toml=toml,
            token_ref=tuple(map(str, profile.gateway.token_ref)),
            free_check_holds=holds,
            routes=tuple(map(InitRouteDocument.of, routes)),
            notes=tuple(notes),
            findings=tuple(FindingDocument.of(each, f"profile {profile.name}") for each in findings),
        )
        output.write_document(document)
        return
    for line in toml.splitlines() if is_shown else ():
        output.write_line(line)
    for finding in findings:
        output.note(f"{finding.id}: {finding.message}")
