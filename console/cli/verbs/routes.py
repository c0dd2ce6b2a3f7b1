"""`routes`: the route table and its offline checks."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.outputs.options import add_baseline_arguments
from console.cli.outputs.outputs import Outputs, reported
from console.cli.profile import (
    add_sweep_argument,
    chosen_checks,
    chosen_profile,
    is_sweep,
    profile_of_yaml,
    swept_profiles,
)
from console.cli.reports.route_table import findings_of_table, show_table_findings
from console.cli.route_options import add_route_arguments
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from console.cli.reports.documents.routes import RoutesDocument
    from console.cli.reports.documents.sweep import RoutesSweepDocument
    from console.domain.routes.contract import RouteCheck
    from console.services.config.settings import Profile
    from console.view.report.report import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_route_arguments(parser)
    add_sweep_argument(parser)
    parser.add_argument(
        "--from-yaml",
        type=Path,
        metavar="FILE",
        help="the routes of a YAML file instead of a config's, and the config that says the same; --profile names it",
    )
    add_baseline_arguments(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check the route table and show it."""
    return reported(arguments, "routes", lambda outputs: _run(arguments, outputs))


def _run(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    if is_sweep(arguments):
        if arguments.from_yaml is not None:
            raise Problem("--from-yaml reads one profile; omit --all-profiles and commas", ProblemKind.USAGE)
        return _sweep(arguments, outputs)
    found = None if arguments.from_yaml is None else profile_of_yaml(arguments, arguments.from_yaml)
    profile = chosen_profile(arguments) if found is None else found.profile
    checks = chosen_checks(arguments, profile)

    def document() -> "RoutesDocument":
        from console.cli.reports.documents.routes import RoutesDocument

        return RoutesDocument.of(profile, checks, findings_of_table(arguments, profile), found)

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_routes import Ended, report_of_routes, routes_results

        results = routes_results(profile, checks, findings_of_table(arguments, profile))
        return report_of_routes(Ended("routes", code, document()), [profile], results)

    if arguments.json:
        output.write_document(document())
    else:
        _show(arguments, profile, checks)
        for line in () if found is None else ("", *found.toml.splitlines()):
            output.write_line(line)
    return outputs.end(_code_of(checks), report)


def _show(arguments: argparse.Namespace, profile: "Profile", checks: "tuple[RouteCheck, ...]") -> None:
    from console.cli.reports.routes import show_routes

    show_routes(checks)
    show_table_findings(arguments, profile)


def _code_of(checks: "Sequence[RouteCheck]") -> ExitCode:
    from console.cli.reports.code import code_of_route
    from console.domain.probes.proven_route import ProvenRoute

    return most_actionable(code_of_route(ProvenRoute(each)) for each in checks)


def _sweep(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    """Check the route tables of several profiles and show them."""
    from console.cli.reports.routes import route_sums
    from console.cli.reports.sweep import show_heading, show_problem, sum_up
    from console.cli.sweep import code_of_sweep, codes_of, sweep_offline
    from console.domain.probes.proven_route import ProvenRoute

    swept = sweep_offline(swept_profiles(arguments), lambda profile: chosen_checks(arguments, profile))
    codes = codes_of(swept, _code_of)
    code = code_of_sweep(swept, codes)

    def document() -> "RoutesSweepDocument":
        from console.cli.reports.documents.routes import RoutesDocument
        from console.cli.reports.documents.sweep import RoutesSweepDocument, documents_of

        documents = documents_of(
            swept, codes, lambda profile, done: RoutesDocument.of(profile, done, findings_of_table(arguments, profile))
        )
        return RoutesSweepDocument(exit_code=int(code), profiles=documents)

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_routes import Ended, report_of_sweep, routes_results

        return report_of_sweep(
            Ended("routes", code, document()), swept, codes,
            lambda profile, done: routes_results(profile, done, findings_of_table(arguments, profile)),
        )  # fmt: skip

    if arguments.json:
        output.write_document(document())
        return outputs.end(code, report)
    for each in swept:
        show_problem(each)
        if each.done is not None and each.profile is not None:
            show_heading(each.name, each.profile.gateway.base_url or each.profile.gateway.base_url_ref or "")
            _show(arguments, each.profile, each.done)
            output.write_line()
    sum_up(swept, code, route_sums([ProvenRoute(check) for each in swept for check in each.done or ()]))
    return outputs.end(code, report)
