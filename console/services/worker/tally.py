"""What a worker counts of itself, and how Prometheus reads it."""

from collections import Counter
from dataclasses import dataclass, field

from console.services.worker.look import Looked


@dataclass
class Tally:
    """The counts of one worker since it began."""

    is_store_up: bool = False
    rounds: int = 0
    """Rounds of watches."""
    reaped: int = 0
    """Jobs of dead workers that it failed."""
    looks: Counter[Looked] = field(default_factory=Counter)

    def count(self, ended: Looked) -> None:
        """Count a look."""
        self.looks[ended] += 1

    def metrics(self, doing: int, passed: int) -> str:
        """Return the counts in Prometheus' text format.

        Args:
            doing: How many jobs it does now.
            passed: How many runs it passes over now.

        """
        lines = [
            *_head("worker_store_up", "gauge", "Whether the store can be reached."),
            f"gateway_console_worker_store_up {int(self.is_store_up)}",
            *_head("worker_jobs_doing", "gauge", "Jobs under way."),
            f"gateway_console_worker_jobs_doing {doing}",
            *_head("worker_runs_passed_over", "gauge", "Runs that this worker cannot take."),
            f"gateway_console_worker_runs_passed_over {passed}",
            *_head("worker_looks_total", "counter", "Looks at runs, by how they ended."),
            *(f'gateway_console_worker_looks_total{{ended="{each}"}} {self.looks[each]}' for each in Looked),
            *_head("worker_rounds_total", "counter", "Rounds of watches."),
            f"gateway_console_worker_rounds_total {self.rounds}",
            *_head("worker_jobs_reaped_total", "counter", "Jobs of dead workers that were failed."),
            f"gateway_console_worker_jobs_reaped_total {self.reaped}",
        ]
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, words: str) -> tuple[str, str]:
    return f"# HELP gateway_console_{name} {words}", f"# TYPE gateway_console_{name} {kind}"
