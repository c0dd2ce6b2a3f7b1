"""Command plans: one command per line, and the commands that a human has to see before anyone runs them.

The rows cover commands known to reach out, destroy or widen rights. Such a list is never complete: a plan that passes
is not proven safe, it only matches none of these. The console itself never runs a plan.
"""

import re
import shlex
from dataclasses import dataclass
from functools import cache

from console.domain.artifacts.outcome import places
from console.domain.finding import Finding, Severity

_LONGEST, _MOST = 500, 200
_SHELL = r"(?:ba|da|z|k|c|tc|fi)?sh"
_INTERPRETER = rf"(?:{_SHELL}|python[0-9.]*|perl|ruby|node|deno|bun|php|osascript|pwsh|powershell)"
_BEGIN = r"(?:^|[\s;&|(`'\"={])"
"""Where a program's name may begin, including quotes and substitutions."""
_DIRECTORIES = re.compile(r"(?<![^\s;&|(`'\"={])[^\s;&|(`'\"={]*/")
_GAP = r"(?:\s[^;&|]{0,80})?\s"
"""Options between a program and its subcommand."""


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    message: str
    expression: str


def _row(finding_id: str, message: str, *expressions: str) -> _Row:
    return _Row(finding_id, f"{message}: a human has to decide.", "|".join(expressions))


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    """Compile a row when the first plan is checked: most commands never see one."""
    return re.compile(expression, re.IGNORECASE)


_ROWS = (
    _row(
        "CMD-01",
        "A command publishes, deploys or releases",
        rf"{_BEGIN}(?:npm|pnpm|yarn|bun|lerna|poetry|uv|hatch|flit|pdm|cargo|gem|twine|dart|mvn|gradle|vsce|wrangler)"
        rf"{_GAP}(?:publish|upload|push|release|deploy)\b",
        rf"{_BEGIN}(?:docker|podman|buildah|helm|skopeo|oras)(?:{_GAP}(?:push|copy)\b|\s.{{0,200}}--push\b)",
        rf"{_BEGIN}gh{_GAP}(?:release|pr{_GAP}(?:merge|create)|workflow{_GAP}run|repo|secret|api)\b",
        rf"{_BEGIN}(?:kubectl|oc){_GAP}(?:apply|create|replace|patch|rollout|scale|set)\b",
        rf"{_BEGIN}(?:terraform|tofu|pulumi|cdk|serverless|sls|fly|flyctl|vercel|netlify|heroku|gcloud|az|aws)\s",
        r"\bsetup\.py\s.{0,200}\b(?:upload|register)\b",
    ),
    _row(
        "CMD-02",
        "A command pushes or rewrites history",
        rf"{_BEGIN}(?:git|hg|jj){_GAP}(?:push|send-email|send-pack)\b",
        rf"{_BEGIN}git{_GAP}(?:rebase|filter-branch|filter-repo|commit{_GAP}--amend|remote|tag|update-ref|replace)\b",
        rf"{_BEGIN}svn{_GAP}(?:commit|ci|import)\b",
    ),
    _row(
        "CMD-03",
        "A command deletes or overwrites",
        rf"{_BEGIN}(?:rm|rmdir|unlink|shred|srm|dd|mkfs(?:\.\w{{1,10}})?|wipefs|truncate|fdisk|parted)(?:\s|$)",
        rf"{_BEGIN}git{_GAP}(?:clean|reset{_GAP}--hard|checkout{_GAP}(?:--|-f|\.)|restore|branch{_GAP}-d|stash|gc|prune)",
        rf"{_BEGIN}find\s.{{0,500}}-(?:delete|exec|execdir|ok)\b",
        rf"{_BEGIN}rsync\s.{{0,500}}--del",
        rf"{_BEGIN}(?:kubectl|docker|podman|helm){_GAP}(?:delete|rm|rmi|prune|uninstall|down)\b",
        r"\b(?:drop|truncate)\s{1,9}(?:table|database|schema|index)\b|\bdelete\s{1,9}from\b",
        r"(?:^|\s):\s{0,9}>|(?:^|[^>&\d])>\s{0,9}[/~$]",
    ),
    _row(
        "CMD-04",
        "A command runs what it fetches, decodes or builds from text",
        rf"\|\s{{0,9}}(?:(?:sudo|env|xargs|exec)\s{{1,9}}(?:-\S{{1,40}}\s{{1,9}})?){{0,3}}{_INTERPRETER}(?:\s|$|[;&|)])",
        rf"{_INTERPRETER}\s.{{0,200}}<\(|(?:source|\.|eval)\s{{1,9}}<\(",
        rf"{_BEGIN}{_INTERPRETER}(?:\s{{1,9}}-{{1,2}}\S{{1,40}}){{0,5}}\s{{1,9}}(?:-\w{{0,9}}[ce]|--eval|--command)\b",
        rf"{_BEGIN}(?:eval|exec|source|xargs)(?:\s|$)",
        rf"{_BEGIN}(?:npx|pnpx|bunx|uvx|pipx)\s",
        r"(?:^|[;&|(]\s{0,9})[\"']?[$`]",
    ),
    _row(
        "CMD-05",
        "A command gains or grants permissions",
        rf"{_BEGIN}(?:sudo|doas|su|pkexec|runas|chown|chgrp|setcap|setfacl|passwd|useradd|usermod|visudo)(?:\s|$)",
        rf"{_BEGIN}chmod(?:\s|$)",
        rf"{_BEGIN}(?:crontab|systemctl|launchctl|service|at|nohup|disown|setsid|schtasks)(?:\s|$)",
    ),
    _row(
        "CMD-06",
        "A command reads credentials or the environment",
        rf"{_BEGIN}(?:printenv|env|set|export|declare)\s{{0,9}}(?:$|[;&|>)])",
        r"(?:\.ssh|\.aws|\.gnupg|\.kube|\.docker|\.config/gh)(?:/|\b)|\.(?:env|netrc|npmrc|pypirc|pgpass)(?:\s|$|[\"';&|)])",
        r"/proc/\S{1,40}/environ|/etc/(?:shadow|sudoers)|id_(?:rsa|ed25519|ecdsa)\b",
        rf"{_BEGIN}gh{_GAP}auth\b|{_BEGIN}(?:security|secret-tool|keyring|pass|op|vault|gpg)\s",
        rf"{_BEGIN}git{_GAP}(?:credential|config)\b|{_BEGIN}gateway-console{_GAP}token\b",
    ),
    _row(
        "CMD-07",
        "A command sends to, or fetches from, the network",
        rf"{_BEGIN}(?:curl|wget|http|https|xh|aria2c|nc|ncat|netcat|socat|telnet|ssh|scp|sftp|ftp|rclone)(?:\s|$)",
        rf"{_BEGIN}rsync\s.{{0,500}}\S:|/dev/(?:tcp|udp)/",
        rf"{_BEGIN}git{_GAP}(?:clone|fetch|pull|submodule|ls-remote|lfs)\b",
    ),
    _row(
        "CMD-08",
        "A command installs software",
        rf"{_BEGIN}(?:pip[0-9.]*|pipx|uv|poetry|conda|mamba|npm|pnpm|yarn|bun|gem|cargo|go|brew|port|apt|apt-get|aptitude"
        rf"|dnf|yum|zypper|apk|pacman|snap|flatpak|choco|winget){_GAP}(?:install|add|i|ci|update|upgrade|get|sync|-S\w{{0,5}})\b",
        rf"\s-m\s{{1,9}}pip{_GAP}install\b",
    ),
)


def check_commands(lines: list[tuple[int, str]]) -> tuple[Finding, ...]:
    """Check each command of a plan; empty lines and lines that begin with # are skipped.

    Args:
        lines: The lines, each with its number.

    """
    commands = [(number, line.strip()) for number, line in lines if line.strip() and not line.lstrip().startswith("#")]
    findings = []
    if not commands:
        findings.append(Finding("CMD-09", Severity.FAIL, "The plan has no command."))
    long = [number for number, command in commands if len(command) > _LONGEST]
    if long:
        message = "A command is longer than 500 characters: too long to review. Split it."
        findings.append(Finding("CMD-10", Severity.FAIL, message, evidence=places(long)))
    if len(commands) > _MOST:
        message = "The plan has more than 200 commands: too many to review. Split it."
        findings.append(Finding("CMD-12", Severity.FAIL, message, evidence=f"{len(commands):,} commands"))
    commands = [(number, command) for number, command in commands if len(command) <= _LONGEST][:_MOST]
    unread = [number for number, command in commands if _is_unfinished(command)]
    if unread:
        message = "A line is not a complete command: its quotes do not match, or it continues on the next line."
        findings.append(Finding("CMD-11", Severity.FAIL, message, evidence=places(unread)))
    readings = [(number, _readings(command)) for number, command in commands]
    for row in _ROWS:
        seen = [number for number, forms in readings if any(_compiled(row.expression).search(form) for form in forms)]
        if seen:
            findings.append(Finding(row.id, Severity.WARN, row.message, evidence=places(seen)))
    return tuple(findings)


def _is_unfinished(command: str) -> bool:
    if command.endswith("\\") or "<<" in command.replace("<<<", ""):
        return True
    try:
        shlex.split(command, comments=False)
    except ValueError:
        return True
    return False


def _readings(command: str) -> tuple[str, ...]:
    r"""Return a command as written, as a shell reads it, and without directories: `/bin/r\m` and `'r'm` are `rm`."""
    try:
        read = " ".join(shlex.split(command, comments=False))
    except ValueError:
        read = re.sub(r"[\\'\"]", "", command)
    return tuple({command, read, _DIRECTORIES.sub("", read), _DIRECTORIES.sub("", command)})
