"""The kinds of `config` that change nothing: show, path, schema, validate."""

import argparse
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.profile import chosen_profile, config_request
from console.domain.text.safe import safe
from console.services.config.effective import Plain, Value, effective_values, store_value
from console.services.config.precedence import ConfigFile, Request, choose, config_files
from console.services.config.shipped import shipped
from console.services.config.toml_text import ConfigError
from console.services.config.validation import validate_config
from console.services.system.directories import absolute


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run one of them. Raises any kind of `Problem`."""
    match arguments.kind:
        case "show":
            return _show(arguments)
        case "path":
            return _path(arguments)
        case "validate":
            return _validate(arguments)
        case _:
            output.write_exact(shipped("docs/schema/config-v1.json").read_text(encoding="utf-8"))
            return ExitCode.OK


def _show(arguments: argparse.Namespace) -> ExitCode:
    request = config_request(arguments)
    profile = chosen_profile(arguments, uses_gateway=False)
    named_by = request.profile_layer
    values = (*effective_values(profile, current().environment), store_value(current().environment))
    if arguments.json:
        from console.cli.reports.documents.setup.config import ConfigShowDocument, ConfigValueDocument

        document = ConfigShowDocument(
            profile=profile.name,
            profile_named_by=named_by,
            config=None if profile.is_built_in else profile.source,
            config_named_by=profile.layer,
            is_of_repository=profile.is_of_repository,
            lender=profile.lender or None,
            values=tuple(ConfigValueDocument(each.key, each.value, each.source, each.line) for each in values),
        )
        output.write_document(document)
        return ExitCode.OK
    how = "the default of that file" if named_by is None else _named_by(named_by.value)
    output.write_line(f"profile  {profile.name}   {how}")
    output.write_line(f"config   {profile.source}   {_named_by(profile.layer.value)}")
    output.write_line()
    _write_values(values)
    return ExitCode.OK


def _named_by(layer: str) -> str:
    return f"from the {layer}" if layer in ("flag", "environment") else f"the {layer}"


def _write_values(values: Sequence[Value]) -> None:
    rows = [(each.key, _shown(each.value), _source(each)) for each in values]
    widths = [*(min(width, 48) for width in output.column_widths(rows))]
    for row in rows:
        output.write_line(output.table_line(row, widths))


def _shown(value: Plain) -> str:
    match value:
        case None | "" | ():
            return "-"
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)


def _source(value: Value) -> str:
    return value.source if value.line is None else f"{value.source}, line {value.line}"


def _path(arguments: argparse.Namespace) -> ExitCode:
    request = config_request(arguments)
    files = config_files(request)
    used, problem = _used(request)
    if arguments.json:
        from console.cli.reports.documents.setup.config import ConfigFileDocument, ConfigPathDocument

        found = tuple(
            ConfigFileDocument(
                layer=each.layer,
                path=None if each.path is None else safe(str(each.path)),
                exists=each.exists,
                is_read=each.is_read,
                is_used=each.layer == used,
            )
            for each in files
        )
        output.write_document(ConfigPathDocument(files=found))
        return ExitCode.OK
    above = list(takewhile(lambda each: each.layer != used, files))
    rows = [
        (each.layer.value, str(each.path or "sample_config.toml"), _state(each, used, is_above=each in above))
        for each in files
    ]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))
    if problem:
        output.note(problem)
    return ExitCode.OK


def _used(request: Request) -> tuple[str, str]:
    """Return the layer whose file has the profile; empty, with why, if none can be said to."""
    try:
        return choose(request).layer.value, ""
    except ConfigError as error:
        return "", str(error)


def _state(file: ConfigFile, used: str, *, is_above: bool) -> str:
    if file.layer == used:
        return "used" if file.exists else "used, but it does not exist"
    if not file.exists:
        return "does not exist"
    return "read, and has no such profile" if is_above and file.is_read else "not read"


def _path_used(request: Request) -> Path | None:
    """Return the file with the profile, or the first that is read if it cannot be said."""
    try:
        return choose(request).path
    except ConfigError:
        return next(each.path for each in config_files(request) if each.is_read)


def _validate(arguments: argparse.Namespace) -> ExitCode:
    environment = current().environment
    if arguments.file is not None:
        absolute(arguments.file)  # raises where a relative path leads nowhere
    path = arguments.file if arguments.file is not None else _path_used(config_request(arguments))
    found = validate_config(path, environment)
    code = ExitCode.CONFIG if found.faults else ExitCode.OK
    if arguments.json:
        from console.cli.reports.documents.setup.config import ConfigFaultDocument, ConfigValidateDocument

        document = ConfigValidateDocument(
            config=None if path is None else safe(found.source),
            is_valid=not found.faults,
            profiles=found.profiles,
            faults=tuple(ConfigFaultDocument(each.line, each.key, each.problem) for each in found.faults),
            warnings=found.warnings,
            exit_code=code,
        )
        output.write_document(document)
        return code
    for words in found.warnings:
        output.note(f"{safe(found.source)}: {words}")
    if found.faults:
        raise ConfigError(*found.faults)
    output.write_line(f"{found.source}: valid, with the profiles {', '.join(found.profiles)}")
    return code
