"""What ends a step or a command of a run without a fault of ours: each message says what, where and what next."""

from console.services.config.toml_text import ConfigError
from console.services.instructions.find import InstructionsError
from console.services.ledger.codec import CodecError
from console.services.ledger.ledger import LedgerError
from console.services.open_gateway import TargetError
from console.services.run.beginning import BeginError
from console.services.run.briefs import BriefError
from console.services.run.opening import OperatorError
from console.services.run.repository import RepositoryError
from console.services.run.run_log import DamagedRunError, RunRefusedError
from console.services.run.step import StepHeldError
from console.services.system.private_file import PrivateFileError
from console.simulator.embedded import SimulatorError

REFUSALS: tuple[type[Exception], ...] = (
    BeginError,
    BriefError,
    CodecError,
    ConfigError,
    DamagedRunError,
    InstructionsError,
    LedgerError,
    OperatorError,
    RepositoryError,
    RunRefusedError,
    SimulatorError,
    PrivateFileError,
    StepHeldError,
    TargetError,
)
