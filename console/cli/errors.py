"""What ends a `run` or `record` command early: one message each, and its exit code."""

import contextlib
from collections.abc import Iterator

from console.cli import output
from console.cli.exit_code import ExitCode, code_of_token
from console.cli.run.context import RunNameError
from console.domain.errors.category import Category
from console.domain.run.refusal import RefusalCode
from console.services.config.toml_text import ConfigError
from console.services.instructions.find import InstructionsError
from console.services.ledger.codec import CodecError
from console.services.ledger.ledger import ConflictError, LeaseHeldError, LedgerError
from console.services.open_gateway import TargetError
from console.services.run.beginning import BeginError
from console.services.run.briefs import BriefError
from console.services.run.opening import OperatorError
from console.services.run.repository import RepositoryError
from console.services.run.run_log import DamagedRunError, RunRefusedError
from console.services.run.step import StepHeldError
from console.services.system.private_file import PrivateFileError
from console.simulator.embedded import SimulatorError


class Reported:
    """The exit code of what ended a command early."""

    code = ExitCode.OK


@contextlib.contextmanager
def reporting() -> Iterator[Reported]:
    """Say what ended the commands within, in one line, and keep the exit code of it."""
    reported = Reported()
    try:
        yield reported
    except RunRefusedError as error:
        output.complain(str(error))
        reported.code = ExitCode.REFUSED if error.refusal.code is RefusalCode.SECRET else ExitCode.USAGE
        if error.refusal.code in (RefusalCode.STALE, RefusalCode.HUMAN, RefusalCode.FOUR_EYES):
            reported.code = ExitCode.WAITING
    except StepHeldError as error:
        output.complain(str(error))
        reported.code = _code_of_held(error)
    except (ConflictError, LeaseHeldError) as error:
        output.complain(str(error))
        reported.code = ExitCode.WAITING
    except LedgerError as error:
        output.complain(str(error))
        reported.code = ExitCode.REFUSED if error.is_unsafe else ExitCode.FAILED
    except (DamagedRunError, CodecError) as error:
        output.complain(str(error))
        reported.code = ExitCode.RECORD
    except BeginError as error:
        output.complain(str(error))
        reported.code = ExitCode.REFUSED if error.is_unsafe else ExitCode.USAGE
    except (RunNameError, RepositoryError, BriefError, InstructionsError) as error:
        output.complain(str(error))
        reported.code = ExitCode.USAGE
    except (ConfigError, OperatorError, TargetError) as error:
        output.complain(str(error))
        reported.code = ExitCode.CONFIG
    except PrivateFileError as error:
        output.complain(str(error))
        reported.code = ExitCode.REFUSED if error.is_unsafe else ExitCode.FAILED
    except SimulatorError as error:
        output.complain(str(error))
        reported.code = ExitCode.UNREACHABLE


def _code_of_held(error: StepHeldError) -> ExitCode:
    if error.token is not None:
        return code_of_token(error.token)
    if error.category is Category.BUDGET_EXCEEDED:
        return ExitCode.BLOCKED
    return ExitCode.UNREACHABLE if isinstance(error.category, Category) else ExitCode.WAITING
