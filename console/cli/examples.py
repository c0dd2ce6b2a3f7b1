"""The examples of every verb: one table, for `--help`, for the man page and for the list of commands in the docs.

The first four of a verb stand in its own help; a kind, such as `run step`, shows those that begin with it.
"""

SHOWN_OF_VERB = 4
"""How many examples the help of a verb shows."""

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("demo", "try it: no account, no network, no cost"),
        ("check", "prove each route as far as that is free"),
        ("smoke --role writer", "one live call; it may cost"),
        ("--profile acme", "open the screen with this profile"),
    ),
    "demo": (
        ("demo", "open the screen on the embedded gateway; without a terminal, do a whole run"),
        ("demo --profile faults", "a route table with faults, to see what the console says about them"),
        ("demo --remove", "delete what the demo kept"),
    ),
    "init": (
        ("init", "ask for the gateway, its token and the roles, check for free, and write a profile"),
        ("init --preset ollama --role writer=llama3 --yes", "without questions, from a gateway that is known here"),
        ("init --preset list", "the gateways that are known here"),
        ("init --from gateway.yaml", "write the config from a YAML file of routes and references"),
    ),
    "store": (
        ("store url", "put the URL of the database into the keyring"),
        ("store migrate", "set the database up, after showing the steps"),
        ("store check", "prove that this console can rely on it"),
        ("store status", "where runs are kept, how many, and who else is connected"),
        ("store grants", "the SQL with the rights of operators and workers"),
        ("store copy --from sqlite --dry-run", "what would be copied of this machine's runs"),
    ),
    "config": (
        ("config show", "every setting in use, and where it comes from"),
        ("config validate", "all faults of the config, with their lines"),
        ("config edit", "open it in your editor, and check it before it counts"),
        ("config fix writer", "write what fixes a route's drift, after asking"),
        ("config undo", "put back what the last fix replaced"),
        ("config path", "where the config is, and which one counts"),
        ("config schema", "the JSON Schema, for an editor"),
    ),
    "worker": (
        ("worker --repositories ~/clones", "step what is due, in clones of this machine"),
        ("worker --profile shop,docs --concurrency 8 --metrics 9465", "for two profiles, with metrics and health"),
        ("worker status", "who is at work, what waits, and what each worker cannot take"),
    ),
    "operator": (
        ("operator list", "who may act in the store"),
        ("operator add mia --key mia.pub", "let Mia's key act, as the database user mia"),
        ("operator revoke mia", "revoke her keys for good"),
    ),
    "routes": (
        ("routes", "the route table and what is wrong in it"),
        ("routes --role writer --json", "all routes of the writer, as JSON"),
        ("routes --from-yaml gateway.yaml", "check a YAML file of routes without a config"),
    ),
    "check": (
        ("check", "connection, catalogue, key and path of every route; generates nothing"),
        ("check --level 0", "offline only"),
        ("check --level 4 --role writer", "also one streamed call through the writer's route; it may cost"),
        ("check --output report.xml --output findings.sarif", "also as JUnit and SARIF, for CI"),
        ("check --against acme-eu", "the same for another profile, and what turned red"),
        ("check --list", "every rule that is checked, with its severity and source"),
    ),
    "smoke": (
        ("smoke", "one live call through each route; they may cost"),
        ("smoke --role writer --repeat 5", "five calls through one route, one after another"),
        ("smoke --all-profiles --json > smoke.json", "every profile, as JSON for a script"),
    ),
    "watch": (
        ("watch", "check every five minutes, and tell changes only"),
        ("watch --every 1m --level 2 --bell", "every minute, up to the catalogue; ring the bell on an alarm"),
        ("watch --once", "one round, from cron"),
        ("watch --prometheus 9464", "serve metrics on 127.0.0.1:9464/metrics"),
    ),
    "fleet": (
        ("fleet", "every profile of the config, the worst first"),
        ("fleet --where red --sort age", "only what someone should look at, the oldest look first"),
        ("fleet check --output fleet.html", "look at all profiles again, for free, and write one page"),
        ("fleet --sort retirement --where 'retires<30d'", "whose models retire next"),
    ),
    "history": (
        ("history", "the last week of every route: latency, speed, failures and cost"),
        ("history --role writer --since 24h --plot ttft", "one route's time to first token, drawn"),
        ("history --fail-on-regression", "for CI: exit code 1 if the newest calls are worse"),
    ),
    "relay": (
        ("relay --for codex", "open the relay and show the settings for Codex; ctrl+c ends it"),
        ("relay --route writer --exec -- codex", "run Codex with them, and without any token"),
        ("relay --for claude --calls 20", "take at most 20 calls"),
    ),
    "agents": (
        ("agents", "what the settings of coding agents on this machine would call"),
        ("agents --settings codex", "the settings that match the route table"),
        ("agents --write codex", "write them, after asking"),
        ("agents --undo", "put back what the last write replaced"),
    ),
    "prove": (
        ("prove", "run every coding agent of this machine on loopback and keep the shape of its calls"),
        ("prove codex", "only Codex"),
    ),
    "run": (
        ("run start --task-file task.txt", "begin a run in this repository"),
        ("run step last", "do the work that is due; a paid call is shown first"),
        ("run decide last --gate planner --verdict ready", "decide at the waiting gate"),
        ("run show last --artifact draft", "read what a decision is about"),
        ("run start --task-file task.txt --writer codex", "let a coding agent write the drafts"),
        ("run step last --auto", "take the computed verdicts until a person is needed"),
        ("run decide last --gate reviewer --verdict revise --reason 'no test'", "send a draft back"),
        ("run bring last next.patch --made-by Ann", "bring the next draft from outside"),
        ("run candidate last --output change.patch", "take the sealed candidate out"),
        ("run apply last --commit", "commit it on a new branch; pushes nothing"),
        ("run list --status waiting", "the runs that wait for a decision"),
        ("run resume last --repeat --reason 'the line was lost'", "repeat a call whose outcome is unknown"),
        ("run inbox", "what waits for you, and since when"),
        ("run handover last --to mia --note 'the critic is right about the cache'", "leave a run to another operator"),
        ("run stop last --reason 'no longer needed'", "end a run"),
    ),
    "record": (
        ("record show last --summary", "one screenful of a run"),
        ("record verify --all", "whether every ledger is intact"),
        ("record export last --as markdown --output run.md", "the record for a pull request"),
        ("record list --since 7d", "the runs of the last week"),
        ("record checkpoint last --to run.checkpoint", "sign the run as it is, and keep a copy elsewhere"),
        ("record evidence last --to evidence.jsonl", "what anyone needs to verify the run"),
        ("record diff 01JE 01JF", "what differs between two runs"),
        ("record prune --older-than 400d --dry-run", "which runs would be deleted"),
    ),
    "bundle": (
        ("bundle --run last", "what support needs to know of a run's failure"),
        ("bundle --route writer --smoke --output bundle.json", "call the route once more, and write what happened"),
    ),
    "instructions": (
        ("instructions", "what Codex reads in this directory"),
        ("instructions --tool claude_code services/api", "what Claude Code reads in another one"),
    ),
    "boundary": (
        ("boundary", "the workflows of this repository, and the tokens in reach"),
        ("boundary ../shop --json", "those of another repository, as JSON"),
    ),
    "token": (
        ("token set --profile acme", "store a token; it is asked for without echo"),
        ("token check", "which reference answers"),
        ("token doctor", "how this machine can store tokens, and the next command"),
        ("token rotate", "replace a token, after proving the new one"),
        ("token list", "where each token is, and what it is bound to"),
        ("token unlock", "unlock the keyring or the vault"),
        ("token remove vault:acme", "forget a token"),
        ("token rebind vault:acme", "bind a token to the profile's new address"),
    ),
    "explain": (
        ("explain", "all error categories"),
        ("explain account_quota", "what one means, what to do and whom to ask"),
        ("explain --status 402 body.json", "read a real error body"),
    ),
    "verify": (
        ("verify", "what to verify, who did, and when it expires"),
        ("verify show ci-secrets", "one row, with its source"),
        ("verify mark ci-secrets --note 'names only'", "record that you read the source"),
        ("verify --require-fresh", "for CI: exit code 1 if a row is stale"),
    ),
    "facts": (
        ("facts show", "all tables and how old they are"),
        ("facts show model_retirements", "one table with its sources"),
        ("facts update --from model_families.toml", "install a newer table, after checking it"),
        ("facts update --reset", "go back to the built-in tables"),
    ),
    "doctor": (
        ("doctor", "terminal, keyring, network, files and token of this machine"),
        ("doctor --leak-drill", "prove that no token leaks; takes about a minute"),
    ),
    "simulate": (
        ("simulate", "the embedded gateway on a free port, until ctrl+c"),
        ("simulate --port 8080 --scenario scenario.toml", "with answers of your own"),
    ),
    "completion": (
        (
            "completion bash > ~/.local/share/bash-completion/completions/gateway-console",
            "bash; mkdir -p its directory first",
        ),
        ("completion zsh > ~/.zfunc/_gateway-console", "zsh, where ~/.zfunc exists and is in fpath"),
        ("completion fish > ~/.config/fish/completions/gateway-console.fish", "fish; mkdir -p its directory first"),
    ),
}
"""By verb: what to type after the program's name, and what it does. The empty name is the command without a verb."""


def examples_of(command: str) -> tuple[tuple[str, str], ...]:
    """Return the examples of a verb, or of a kind such as `run step`."""
    verb = command.partition(" ")[0]
    rows = EXAMPLES.get(verb, ())
    if command == verb:
        return rows[:SHOWN_OF_VERB]
    return tuple((words, what) for words, what in rows if f"{words} ".startswith(f"{command} "))
