"""The script of a step, in a shell, JavaScript or Python: what its variables and outputs may hold; read, never run."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from console.domain.workflows.expression import spans
from console.domain.workflows.value import (
    NOTHING,
    UNFOLLOWED,
    Kind,
    Kinds,
    names_pull_request,
    selected,
)

STATEMENT_LIMIT = 2_000
"""The most characters of one statement that are read."""

NAMES_LIMIT = 2_000
"""The most assignments of one script that are read."""

DEPTH_LIMIT = 8
"""How many variables in a row are followed."""

_SHELL_NAMES = re.compile(
    r"(?<![\w.$-])(?:\$(?:env:)?)?(?P<name>[A-Za-z_][\w-]*)(?P<how>\+?=(?![=~])|<<-?|::)"
    r"|\bfor\s+(?P<each>\w+)\s+in\s|\bread\s+(?:-\w+\s+)*(?P<read>[A-Za-z_][\w ]{0,200})"
)
_SCRIPT_NAMES = re.compile(
    r"\b(?:setOutput|exportVariable)\(\s*(?P<quote>['\"`])(?P<name>[\w-]+)(?P=quote)\s*,"
    r"|\b(?:const|let|var)\s+(?P<several>[{\[][^}\]=]{0,400}[}\]])\s*="
    r"|(?:\b(?:const|let|var)\s+|(?<![\w.]))(?P<each>[A-Za-z_$][\w$]*)\s*=(?![=>])"
    r"|\b(?P<read>return)\b"
)
_SHELL_COMMENT = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
_SCRIPT_COMMENT = re.compile(r"^[ \t]*//[^\n]*", re.MULTILINE)
_STOP = re.compile(r"[()\[\]{}]|\n|;|'[^'\n]*'|\"(?:[^\"\\\n]|\\.)*\"|&&|\|\|")
_VARIABLE = re.compile(
    r"\$(?:env:|\{)?!?([A-Za-z_]\w*|[0-9@*])|\bprocess\.env\.(\w+)|\benviron(?:\.get\()?\W{1,3}(\w+)"
)
_IDENTIFIER = re.compile(r"(?<![\w.])[A-Za-z_$][\w$]*")
_PLAIN_TEXT = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_FILLED = re.compile(r"\{([A-Za-z_]\w*)")
_INDEX = re.compile(r"\[\s*['\"](\w+)['\"]\s*\]")
_EMBEDS = re.compile(r"\b(?:python3?|node|ruby|perl)\s+(?:-[ec]?\b|<<|-\s)")
_OWN_NAMES = frozenset(
    {
        "context", "core", "github", "process", "JSON", "String", "Number", "Boolean", "Object", "Array", "Math",
        "Date", "await", "new", "typeof", "true", "false", "null", "undefined", "None", "True", "False", "os", "str",
        "int", "print", "open", "json", "f", "if", "else", "in", "not", "and", "or", "return", "exec", "glob", "io",
        "require",
    }
)  # fmt: skip
_PROGRAM = re.compile(r"\bjq\b|--jq\b|\s-q\s|--template\b")
_PULL_COMMAND = re.compile(
    r"\bgh\s+pr\s+(?:view|list|status)\b|/pulls\b|\bpulls\.(?:get|list)\b|\bpull_?request\b|\bGITHUB_EVENT_PATH\b"
    r"|\bpayload\b(?!\.(?:repository|action|inputs|issue\.number|comment\.id|installation))",
    re.IGNORECASE,
)
_BOUNDS = re.compile(
    r"\bgrep\s+-\w*o|\btr\s+-(?:cd|dc)\b|\bsha\d+sum\b|\bmd5sum\b|\bbase64\b|\bwc\b|@sh\b|%q|\[\^0-9\]|\[\^A-Za-z"
    r"|\bparseInt\(|\bNumber\(|\.(?:includes|startsWith|endsWith|test|indexOf|length|match)\b|===|!==|\bBoolean\("
)
"""What limits a text to some characters, counts or tests it: it is not read which."""
_TEXT_COMMAND = re.compile(
    r"\bgh\s+issue\s+(?:view|list)\b|/issues/|\bissues\.(?:get|list)|\blistComments\b|\blistFiles\b|/comments\b"
    r"|\bgh\s+pr\s+diff\b|\blistCommits\b|/files\b"
    r"|\bgit\s+(?:log|show)\b(?![^|)\n]{0,200}%(?:[HhTtPp]|[ac][tdiIs])\b)|\bgit\s+diff\b[^|)\n]{0,200}--name-",
    re.IGNORECASE,
)
_ABOUT_PERMISSION = re.compile(
    r"/permission\b|getCollaboratorPermission|checkCollaborator|/collaborators/|checkMembership|/members/|/memberships/"
    r"|getMembershipForUser|viewerPermission|--json\s+isCollaborator",
    re.IGNORECASE,
)
_ABOUT_FORK = re.compile(
    r"\bis_?cross_?repository\b|\bhead\s*\.\s*repo\b|\bheadRepository|\.\s*fork\b|\bis_?fork\b", re.IGNORECASE
)
_ABOUT_ASSOCIATION = re.compile(r"\bauthor_?association\b", re.IGNORECASE)
_ABOUT_ACTOR = re.compile(r"\bcontext\.actor\b|\b(?:user|sender|author)\.login\b")
_ASKED = frozenset({Kind.ACTOR, Kind.PERMISSION, Kind.FORK, Kind.HEAD_REPOSITORY})
"""Kinds of variables by which a script may decide for whom it goes on."""
_TRUSTED_ROLES = re.compile(r"\b(?:OWNER|MEMBER|COLLABORATOR)\b")
_ANY_ROLES = re.compile(r"\b(?:CONTRIBUTOR|FIRST_TIME\w*|NONE|MANNEQUIN)\b")
_DECIDES = re.compile(r"\bif\b|\[\[|\btest\b|\bcase\b|&&|\|\||===?|!==?|\.includes\(|\bgrep\b")
_ABORTS = re.compile(
    r"\bexit\s+[1-9]|\bsetFailed\b|\bprocess\.exit\b|\bthrow\b|\bgh\s+run\s+cancel\b|\bcancelWorkflowRun\b"
)
_OUTPUT = re.compile(r"GITHUB_OUTPUT|::?set-output|setOutput|\breturn\b", re.IGNORECASE)
_SET = ">"
"""What begins the name of an output or of an exported variable that a function sets, apart from a variable's own."""
_EXPORT = re.compile(r"GITHUB_ENV|exportVariable|::set-env")
_RUN = re.compile(r"(?:\$\(|`)\s*(?:\w+=\S*\s+)?([\w./-]+)(?:\s+([\w-]+))?")
_FILE = re.compile(r"\$\(\s*(?:cat|head|tail|<|jq|tr|sed|grep|cut|awk)\b|\breadFileSync\b|\bopen\(|\bread_text\(")
_OWN_WORDS = frozenset(
    {
        "date", "echo", "printf", "sed", "tr", "cut", "awk", "grep", "basename", "dirname", "head", "tail", "wc",
        "uname", "sha256sum", "md5sum", "cat", "jq", "gh", "curl", "wget", "mktemp", "pwd", "expr", "seq", "sort",
        "uniq", "xargs", "tee", "ls", "find", "nproc", "whoami", "hostname", "id", "realpath", "readlink", "yq",
    }
)  # fmt: skip
_OWN_GIT = frozenset(
    {
        "describe", "rev-parse", "branch", "tag", "symbolic-ref", "merge-base", "rev-list", "log", "show", "diff",
        "config", "remote", "ls-files", "status", "ls-remote", "hash-object", "name-rev", "show-ref",
    }
)  # fmt: skip


@dataclass(slots=True)
class Script:
    """A script with its surroundings; its variables are followed when they are asked for."""

    text: str
    """As written, with its expressions."""
    is_program: bool
    """Whether it is JavaScript or Python, where a bare word is a variable, and not a shell's."""
    expression_kinds: Callable[[str], Kinds]
    """What an expression may hold."""
    variable_kinds: Callable[[str], Kinds | None]
    """What a variable of the environment may hold; None if the environment has no such variable."""
    has_foreign_files: bool = False
    """Whether files of another run were downloaded before."""
    _places: dict[str, list[tuple[int, str]]] | None = None
    _spelt: dict[str, list[str]] | None = None
    _known: dict[str, Kinds] = field(default_factory=dict)
    _depth: int = 0
    _asks: bool | None = None
    _embeds: bool | None = None

    def beginning(self, end: int) -> "Script":
        """Return the script up to an offset."""
        return Script(self.text[:end], self.is_program, self.expression_kinds, self.variable_kinds)

    @property
    def looks_who_asks(self) -> bool:
        """Whether it decides something by who asks, what they may do, or where the pull request comes from."""
        if self._asks is None:
            self._asks = False  # what it decides about itself adds nothing
            self._asks = self._decides_by_who_asks()
        return self._asks

    def _decides_by_who_asks(self) -> bool:
        if _DECIDES.search(self.text) is None:
            return False
        if _ABOUT_PERMISSION.search(self.text) is not None:
            return True
        lines = [each for each in self.text.splitlines() if _DECIDES.search(each) is not None and "[bot" not in each]
        return any(self._asks_in(each[:STATEMENT_LIMIT]) for each in lines[:40])

    def _asks_in(self, line: str) -> bool:
        """Return whether a line that decides something does so by who asks or where the pull request comes from."""
        if _ABOUT_FORK.search(line) is not None or _ABOUT_ACTOR.search(line) is not None:
            return True
        kinds = self._variables_in(line)
        if Kind.ASSOCIATION in kinds or _ABOUT_ASSOCIATION.search(line) is not None:
            return _TRUSTED_ROLES.search(self.text) is not None and _ANY_ROLES.search(self.text) is None
        return not _ASKED.isdisjoint(kinds)

    @property
    def aborts(self) -> bool:
        """Whether it can make its step fail."""
        return _ABORTS.search(self.text) is not None

    @property
    def exports(self) -> bool:
        """Whether it sets variables for every later step."""
        return _EXPORT.search(self.text) is not None

    @property
    def _has_programs(self) -> bool:
        if self._embeds is None:
            self._embeds = _EMBEDS.search(self.text) is not None
        return self.is_program or self._embeds

    def output_kinds(self, name: str) -> Kinds:
        """Return what an output of the step, named in lower case, may hold."""
        if _OUTPUT.search(self.text) is None:
            return UNFOLLOWED
        kinds = self.assigned_kinds("return" if self.is_program and name == "result" else name)
        kinds = self._unnamed() if kinds is None else kinds
        return kinds | {Kind.CHECKED} if self.looks_who_asks else kinds

    def assigned_kinds(self, name: str) -> Kinds | None:
        """Return what a name, in lower case, may hold at the end; None if the script does not assign it."""
        known = self.names_in_lower_case()
        names = known.get(_SET + name) or known.get(name, [])
        return frozenset().union(*map(self._assigned, names)) if names else None

    def exported_names(self) -> set[str]:
        """Return the names, in lower case, that may be variables of every later step."""
        return {name.removeprefix(_SET) for name in self.names_in_lower_case()}

    def names_in_lower_case(self) -> dict[str, list[str]]:
        """Return the names that it assigns, as they are spelt, by their lower case."""
        if self._spelt is None:
            self._spelt = defaultdict(list)
            for each in self._names():
                self._spelt[each.lower()].append(each)
        return self._spelt

    def fragment_kinds(self, fragment: str) -> Kinds:
        """Return what a part of the script may hold when it has run: the text of a value or of an argument."""
        kinds: set[Kind] = set()
        plain = fragment
        for inner, _ in spans(fragment):
            kinds |= self.expression_kinds(inner)
            plain = plain.replace("${{" + inner + "}}", " ", 1)
        if names_pull_request(fragment):
            kinds.add(Kind.HEAD)
        kinds |= self._variables_in(plain)
        kinds |= self._commands_in(plain)
        objects = kinds & {Kind.PULL, Kind.TEXT}
        plain = _INDEX.sub(r".\1", plain)
        program = _PROGRAM.search(plain)
        fields, is_any = selected(plain[program.end() :] if program is not None else plain)
        if program is not None and not is_any and Kind.PULL not in kinds:
            fields, is_any = selected(plain)
        if is_any:
            if Kind.PULL in objects:
                kinds -= {Kind.PULL, Kind.TEXT}
                kinds |= fields
            else:
                kinds |= fields - ({Kind.TEXT, Kind.LABEL} if not objects else set())
        if self.is_program and not kinds and not is_any and self._unresolved_in(plain):
            kinds.add(Kind.UNKNOWN)
        if kinds & {Kind.TEXT, Kind.FILE} and _BOUNDS.search(plain) is not None:
            kinds -= {Kind.TEXT, Kind.FILE}
            kinds.add(Kind.UNKNOWN)
        return frozenset(kinds)

    def _unresolved_in(self, plain: str) -> bool:
        """Return whether a part of a program uses a name that nothing in it assigns, such as a parameter."""
        words = {match.group() for match in _IDENTIFIER.finditer(_PLAIN_TEXT.sub("''", plain))}
        return not words <= _OWN_NAMES | self._names().keys()

    def _commands_in(self, plain: str) -> Kinds:
        kinds: set[Kind] = set()
        if _PULL_COMMAND.search(plain) is not None:
            kinds |= {Kind.PULL, Kind.TEXT}
        elif _TEXT_COMMAND.search(plain) is not None:
            kinds.add(Kind.TEXT)
        if self.has_foreign_files and _FILE.search(plain) is not None:
            kinds.add(Kind.FILE)
        if not kinds:
            for match in _RUN.finditer(plain):
                word, more = match.groups()
                is_own = word in _OWN_WORDS or (word == "git" and more in _OWN_GIT)
                if not is_own and not self.is_program:
                    kinds.add(Kind.UNKNOWN)
            if self.is_program and re.search(r"\bawait\b|\brequire\(", plain) is not None:
                kinds.add(Kind.UNKNOWN)
        return frozenset(kinds)

    def _variables_in(self, plain: str) -> Kinds:
        kinds: set[Kind] = set()
        names = {next(filter(None, match.groups())) for match in _VARIABLE.finditer(plain)}
        if self._has_programs:
            words = {match.group() for match in _IDENTIFIER.finditer(_PLAIN_TEXT.sub("''", plain))}
            names |= (words | set(_FILLED.findall(plain))) & self._names().keys()
        for name in names:
            if name in self._names():
                kinds |= self._assigned(name)
                continue
            around = self.variable_kinds(name)
            if around is not None:
                kinds |= around
            elif not name.startswith(("GITHUB_", "RUNNER_", "HOME", "PATH", "CI")) and not self.is_program:
                kinds.add(Kind.UNKNOWN)
        return frozenset(kinds)

    def _unnamed(self) -> Kinds:
        """Return what an output may hold whose name does not occur: any line that writes outputs may have made it."""
        kinds: set[Kind] = {Kind.UNKNOWN}
        lines = [line for line in self.text.splitlines() if _OUTPUT.search(line) is not None]
        for line in lines[:40]:
            kinds |= self.fragment_kinds(line[:STATEMENT_LIMIT])
        return frozenset(kinds)

    def _assigned(self, name: str) -> Kinds:
        if name in self._known:
            return self._known[name]
        if self._depth >= DEPTH_LIMIT:
            return UNFOLLOWED
        self._known[name] = NOTHING  # what a name is made of itself adds nothing
        self._depth += 1
        kinds: set[Kind] = set()
        for offset, how in self._names().get(name, [])[:40]:
            kinds |= self.fragment_kinds(self._value(offset, how))
        self._depth -= 1
        self._known[name] = frozenset(kinds)
        return self._known[name]

    def _value(self, offset: int, how: str) -> str:
        if how.startswith("<<"):
            return _here_text(self.text, offset)
        if how == "read":
            start = self.text.rfind("\n", 0, offset) + 1
            return statement(self.text, max(start, offset - STATEMENT_LIMIT))
        return statement(self.text, offset)

    def _names(self) -> dict[str, list[tuple[int, str]]]:
        if self._places is None:
            self._places = defaultdict(list)
            patterns = [_SCRIPT_NAMES] if self._has_programs else []
            patterns += [] if self.is_program else [_SHELL_NAMES]
            for pattern in patterns:
                for match in islice(pattern.finditer(self.text), NAMES_LIMIT):
                    for name, how in _names_of(match):
                        self._places[name].append((match.end(), how))
        return self._places


def without_comments(text: str, *, is_javascript: bool) -> str:
    """Return a script with its lines of comment blanked, so that every offset stays where it is."""
    pattern = _SCRIPT_COMMENT if is_javascript else _SHELL_COMMENT
    return pattern.sub(lambda match: " " * len(match.group()), text)


def _names_of(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    groups = match.groupdict()
    if groups.get("quote"):
        yield _SET + groups["name"], "="
    elif groups.get("name"):
        yield groups["name"], groups["how"]
    elif groups.get("several"):
        for name in re.findall(r"[\w$]+", groups["several"]):
            yield name, "="
    elif groups.get("each"):
        yield groups["each"], "="
    elif groups.get("read"):
        for name in groups["read"].split()[:20]:
            yield name, "=" if name == "return" else "read"


def statement(text: str, start: int) -> str:
    """Return the rest of a statement: to the end of the line, or further while a bracket is open."""
    depth = 0
    window = text[start : start + STATEMENT_LIMIT].replace("\\\n", "  ")
    for match in _STOP.finditer(window):
        sign = match.group()
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth <= 0 and (sign in "\n;" or sign in ("&&", "||")) and window[: match.start()].strip():
            return window[: match.start()]
    return window


def _here_text(text: str, start: int) -> str:
    end_of_line = text.find("\n", start)
    if end_of_line < 0:
        return text[start : start + STATEMENT_LIMIT]
    word = re.match(r"[\s\"'\\]*([\w${}-]{1,80})", text[start:end_of_line])
    window = text[end_of_line : end_of_line + STATEMENT_LIMIT]
    end = window.find(word.group(1)) if word is not None else -1
    return window if end < 0 else window[:end]
