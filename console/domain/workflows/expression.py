"""GitHub's expressions, `${{ … }}` and `if:`: parsed, and which contexts give a result its value."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from console.domain.workflows.workflow import TextNode

DEPTH_LIMIT = 32
"""The deepest nesting that is parsed; of a deeper expression only the contexts are known."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>[+-]?(?:0x[0-9a-f]+|[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)(?![\w]))"
    r"|(?P<name>[a-z_][\w-]*)"
    r"|(?P<sign>&&|\|\||[!=]=|[<>]=?|[!()\[\].,*]))",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"(?:[^'}]|'[^']*'|\}(?!\}))*+")
_CONTEXT = re.compile(r"(?<![\w.-])[a-z_][\w-]*(?:\.[\w*-]+)*(?!\s*\()", re.IGNORECASE)
_QUOTED = re.compile(r"'[^']*'")
_TRUTHS = frozenset({"contains", "startswith", "endswith", "success", "failure", "always", "cancelled", "hashfiles"})
"""Functions whose result does not contain what they are given."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, a truth value or null, as text."""

    text: str
    is_text: bool = True
    """Whether it is a quoted text."""


@dataclass(frozen=True, slots=True)
class Path:
    """A context with its steps in lower case, such as `("github", "event", "number")`; an index is `*`."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, named in lower case; the name is empty for a group of which only the parts are known."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A part of what a function returns, such as `fromJSON(…).head.sha`; the steps are in lower case."""

    operand: "Expression"
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A negation."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions with an operator between them: `&&`, `||`, `==`, `!=`, `<`, `<=`, `>` or `>=`."""

    operator: str
    left: "Expression"
    right: "Expression"


Expression = Literal | Path | Call | Member | Not | Binary


def parse_expression(text: str) -> Expression:
    """Parse an expression; of one that cannot be parsed, return a nameless call with all its contexts."""
    tokens = _tokens(text)
    if tokens is not None:
        try:
            parser = _Parser(tokens)
            parsed = parser.disjunction(0)
            if parser.is_at_end:
                return parsed
        except _NotParsedError:
            pass
    plain = _QUOTED.sub("''", text)
    return Call("", tuple(Path(tuple(match.group().lower().split("."))) for match in _CONTEXT.finditer(plain)))


def parse_condition(text: str) -> Expression:
    """Parse the text of an `if:`, with or without `${{ }}` around it."""
    stripped = text.strip()
    inner = [part for part, _ in spans(stripped)]
    if not inner:
        return parse_expression(stripped)
    if len(inner) == 1 and stripped.startswith("${{") and stripped.endswith("}}"):
        return parse_expression(inner[0])
    return Call("", tuple(parse_expression(part) for part in inner))


def spans(text: str) -> Iterator[tuple[str, int]]:
    """Yield the inner texts of the `${{ }}` in a text, each with its offset."""
    start, is_whole = text.find("${{"), True
    while start >= 0:
        end = -1
        if is_whole:
            closed = _CLOSED.match(text, start + 3)
            end = closed.end() if closed is not None else -1
            is_whole = text.startswith("}}", end)
        if not is_whole:
            end = text.find("}}", start)
        if end < 0:
            return
        yield text[start + 3 : end], start
        start = text.find("${{", end)


def values(expression: Expression, event: str = "") -> Iterator[Path | Member]:
    """Yield what may give an expression its value, not what it only compares or tests.

    Args:
        expression: The expression.
        event: The event that starts the workflow, if it is known: what is chosen for other events is left out.

    """
    match expression:
        case Path() | Member():
            yield expression
        case Binary(operator="||", left=left, right=right):
            yield from values(left, event)
            yield from values(right, event)
        case Binary(operator="&&", left=left, right=right):
            if not event or _may_be_true(left, event):
                yield from values(right, event)  # the left side is the value only where it is empty
        case Call(name=name, arguments=arguments) if name not in _TRUTHS:
            for each in arguments:
                yield from values(each, event)
        case _:
            pass


def contexts(expression: Expression) -> Iterator[tuple[str, ...]]:
    """Yield the contexts that may give an expression its value."""
    for each in values(expression):
        match each:
            case Path(steps=steps):
                yield steps
            case Member(operand=operand):
                yield from contexts(operand)


def _may_be_true(condition: Expression, event: str, *, wanted: bool = True) -> bool:
    """Return whether a condition can be as wanted for an event, as far as it looks at the event's name."""
    match condition:
        case Not(operand=operand):
            return _may_be_true(operand, event, wanted=not wanted)
        case Binary(operator="&&" | "||" as operator, left=left, right=right):
            ways = [_may_be_true(each, event, wanted=wanted) for each in (left, right)]
            return all(ways) if (operator == "&&") is wanted else any(ways)
        case Binary(
            operator="==" | "!=" as operator, left=Path(steps=("github", "event_name")), right=Literal(text=text)
        ):
            return (text.lower() == event) is ((operator == "==") is wanted)
    return True


def expressions_in(node: TextNode) -> Iterator[tuple[Expression, int]]:
    """Yield each expression that is inserted into a text, with its line."""
    line, counted = node.line, 0
    for inner, offset in spans(node.text):
        if node.keeps_lines:
            line, counted = line + node.text.count("\n", counted, offset), offset
        yield parse_expression(inner), line


class _NotParsedError(Exception):
    """It is not an expression, or it is nested too deep."""


def _tokens(text: str) -> list[tuple[str, str]] | None:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            return None
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


class _Parser:
    """A recursive descent over the tokens; every method takes the depth that it is called at."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def is_at_end(self) -> bool:
        """Whether every token is taken."""
        return self._next == len(self._tokens)

    def disjunction(self, depth: int) -> Expression:
        """Parse `a || b`."""
        if depth > DEPTH_LIMIT:
            raise _NotParsedError
        return self._chain(("||",), lambda: self._chain(("&&",), lambda: self._comparison(depth)))

    def _comparison(self, depth: int) -> Expression:
        return self._chain(("==", "!=", "<", "<=", ">", ">="), lambda: self._unary(depth))

    def _chain(self, operators: tuple[str, ...], part: Callable[[], Expression]) -> Expression:
        parts = [part()]
        signs = []
        while (sign := self._sign(*operators)) is not None:
            signs.append(sign)
            parts.append(part())
        if len(parts) > DEPTH_LIMIT:
            raise _NotParsedError
        whole = parts[0]
        for sign, each in zip(signs, parts[1:], strict=True):
            whole = Binary(sign, whole, each)
        return whole

    def _unary(self, depth: int) -> Expression:
        count = 0
        while self._sign("!") is not None:
            count += 1
        operand = self._postfix(depth)
        if count == 0:
            return operand
        return Not(operand) if count % 2 else Not(Not(operand))

    def _postfix(self, depth: int) -> Expression:
        whole, steps = self._primary(depth), []
        while (sign := self._sign(".", "[")) is not None:
            if sign == "[":
                index = self.disjunction(depth + 1)
                self._need("]")
                steps.append(index.text.lower() if isinstance(index, Literal) and index.is_text else "*")
            else:
                steps.append("*" if self._sign("*") is not None else self._name())
        if not steps:
            return whole
        return Path((*whole.steps, *steps)) if isinstance(whole, Path) else Member(whole, tuple(steps))

    def _primary(self, depth: int) -> Expression:
        kind, text = self._take()
        match kind:
            case "text":
                return Literal(text[1:-1].replace("''", "'"))
            case "number":
                return Literal(text, is_text=False)
            case "name" if self._sign("(") is not None:
                return Call(text.lower(), self._arguments(depth + 1))
            case "name" if text.lower() in ("true", "false", "null", "nan", "infinity"):
                return Literal(text.lower(), is_text=False)
            case "name":
                return Path((text.lower(),))
            case _ if text == "(":
                whole = self.disjunction(depth + 1)
                self._need(")")
                return whole
            case _ if text == "*":
                return Literal("*")
        raise _NotParsedError

    def _arguments(self, depth: int) -> tuple[Expression, ...]:
        if self._sign(")") is not None:
            return ()
        arguments = [self.disjunction(depth)]
        while self._sign(",") is not None:
            arguments.append(self.disjunction(depth))
        self._need(")")
        return tuple(arguments)

    def _take(self) -> tuple[str, str]:
        if self.is_at_end:
            raise _NotParsedError
        self._next += 1
        return self._tokens[self._next - 1]

    def _name(self) -> str:
        kind, text = self._take()
        if kind != "name":
            raise _NotParsedError
        return text.lower()

    def _need(self, sign: str) -> None:
        if self._sign(sign) is None:
            raise _NotParsedError

    def _sign(self, *signs: str) -> str | None:
        if not self.is_at_end and self._tokens[self._next] in [("sign", sign) for sign in signs]:
            self._next += 1
            return self._tokens[self._next - 1][1]
        return None
