"""What `--write` replaced, put back."""

import argparse

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.token.input import confirm
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.agent_settings.receipts import Receipts
from console.services.agent_settings.writing import diff_lines


def undo(arguments: argparse.Namespace) -> ExitCode:
    """Put the file of a receipt back as it was, after asking. Raises any kind of `Problem`."""
    if arguments.json:
        raise Problem("--json has no place beside --undo", ProblemKind.USAGE)
    receipts = Receipts(current().environment)
    receipt = receipts.find(arguments.undo)
    file = receipts.undo(receipt)
    before = receipts.before(receipt)
    where = safe(receipt.path, limit=300)
    for line in diff_lines(file.data, before, where):
        output.write_line(line)
    command = f"gateway-console agents --undo {receipt.name}"
    confirm("Put it back as it was?", is_sure=arguments.yes, command=command)
    receipts.put_back(receipt, file, before)
    output.note(f"{where} is {'gone, as before' if before is None else 'as it was before, byte for byte'}")
    return ExitCode.OK
