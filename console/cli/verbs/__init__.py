"""The verbs, one module each. `--help` loads only this table."""


class Verb:
    """A verb of the command line."""

    def __init__(self, module: str, help_line: str, *, may_hold_token: bool = False) -> None:
        """Describe a verb.

        Args:
            module: Its module: `add_arguments` fills the parser, and `run` takes the parsed arguments.
            help_line: Its line in `--help`.
            may_hold_token: Whether the process is hardened before it runs.

        """
        self.module = module
        self.help_line = help_line
        self.may_hold_token = may_hold_token


_ROOM = "console.cli.verbs."
VERBS = {
    "demo": Verb(
        f"{_ROOM}demo", "try it without an account: the embedded gateway and the sample profile", may_hold_token=True
    ),
    "init": Verb(
        "console.cli.setup.verb",
        "set a profile up: ask the gateway what it has, check it for free, append it to the config",
        may_hold_token=True,
    ),
    "routes": Verb(f"{_ROOM}routes", "show the route table and check it offline"),
    "check": Verb(f"{_ROOM}check", "prove each route's contract up the probe ladder", may_hold_token=True),
    "smoke": Verb(f"{_ROOM}smoke", "make one live, streamed call through each route", may_hold_token=True),
    "watch": Verb("console.cli.watch.verb", "check again and again, and tell only what changed", may_hold_token=True),
    "relay": Verb(
        f"{_ROOM}relay",
        "let coding agents call the gateway without its token; judges every call",
        may_hold_token=True,
    ),
    "prove": Verb(f"{_ROOM}prove", "what the coding agents of this machine send, tried on loopback without any token"),
    "agents": Verb(
        "console.cli.agents.verb",
        "what coding agents' own settings really call, and whether the routes allow it; offline",
    ),
    "run": Verb("console.cli.run.verb", "gated runs, one step or one decision at a time", may_hold_token=True),
    "record": Verb("console.cli.record.verb", "the safe records of runs: list, show, verify"),
    "worker": Verb(
        "console.cli.worker.verb",
        "step the runs of a team's store as they become due, and watch its profiles; show who does",
        may_hold_token=True,
    ),
    "operator": Verb(
        "console.cli.operator.verb", "who may act in a store that a team shares: SSH keys and database users"
    ),
    "history": Verb("console.cli.history.verb", "how fast and reliable each route was, its cost, what is worse now"),
    "fleet": Verb(
        "console.cli.fleet.verb", "many profiles in one table, the worst first; looks at all again", may_hold_token=True
    ),
    "bundle": Verb(
        f"{_ROOM}bundle",
        "escalate a failure: what support needs to know, shown before it is written",
        may_hold_token=True,
    ),
    "instructions": Verb(f"{_ROOM}instructions", "which files a coding agent really reads, and what conflicts in them"),
    "boundary": Verb(
        f"{_ROOM}boundary", "a repository's CI secrets and permissions, and which tokens roles could reach; offline"
    ),
    "token": Verb("console.cli.token.verb", "store, check, rotate and remove tokens by reference", may_hold_token=True),
    "store": Verb(
        "console.cli.store.verb",
        "where runs are kept: set up, check and fill a PostgreSQL database that machines share",
        may_hold_token=True,
    ),
    "config": Verb("console.cli.config.verb", "the config: what holds and why, its faults, fixes with undo; offline"),
    "explain": Verb(f"{_ROOM}explain", "explain an error category, or classify an error body; offline"),
    "verify": Verb(f"{_ROOM}verify", "the verification table: what to verify, who verified it, and when that expires"),
    "facts": Verb(f"{_ROOM}facts", "the tables of facts: how old they are, and how to install newer ones; offline"),
    "doctor": Verb(f"{_ROOM}doctor", "terminal, keyring, network, files: what was detected and what to do"),
    "completion": Verb("console.cli.completion.verb", "print the completion of bash, zsh or fish"),
    "simulate": Verb(
        f"{_ROOM}simulate", "run the embedded gateway alone; the first line on stdout is JSON with base_url and token"
    ),
}
"""By name, in the order of the help."""
