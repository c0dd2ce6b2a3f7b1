"""Completion as the shells do it: each reads its script, and is asked what may follow a line that is begun."""

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pexpect
import pytest
from support.config import config_table, route, write_config
from support.referees.not_tested import not_tested
from support.waiting import HANG_S

RUN = "01JEXAMPLE0000000000000000"
LINES = {
    "gateway-console ro": {"routes"},
    "gateway-console run st": {"start", "step", "stop"},
    "gateway-console --read-only run start --kind ": {"patch", "article", "plan"},
    "gateway-console smoke --role wri": {"writer"},
    "gateway-console check --agent-size ": {"full", "small"},
    "gateway-console relay --for co": {"codex", "copilot", "continue"},
    "gateway-console explain account_q": {"account_quota"},
    "gateway-console verify show ci-s": {"ci-secrets"},
    "gateway-console --profile ": {"acme", "acme-eu"},
    "gateway-console --profile acme-eu smoke --route wr": {"writer", "writer.fast"},
    "gateway-console run show ": {"last", RUN},
    "gateway-console run bring last draf": {"draft.patch"},
    "gateway-console token rotate --b": {"--back"},
}
"""What a shell offers after each line, without the words beside it."""
ZSH = """
PROMPT='> ' LISTMAX=1000
autoload -Uz compinit && compinit -u -D
source script
compadd() {
    if [[ " ${@[1,(i)(-|--)]}" != *' '-[OAD]' '* ]]; then
        local -a offered
        builtin compadd -O offered "$@"
        print -rl -- $offered >>offered
    fi
    builtin compadd "$@"
}
finish() { BUFFER=''; zle -I; print -r -- "shown" | tr a-z A-Z }
zle -N finish && bindkey '^X' finish
bindkey '^I' complete-word
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with two profiles, a run, a draft, and names that no shell may evaluate."""
    gateway = {"base_url": "sim:", "token_ref": ["sim:"]}
    table = config_table(gateway, {"writer": route("m")}, profile="acme")
    more = config_table(gateway, {"writer": {**route("m"), "fast": route("n"), "`touch hacked`": route("o")}})
    for name in ("acme-eu", "$(touch hacked)"):
        table["profiles"][name] = more["profiles"]["p"]
    write_config(tmp_path / ".config/gateway-console/config.toml", table)
    (tmp_path / "draft.patch").touch()
    state = tmp_path / ".local/state/gateway-console"
    state.mkdir(parents=True)
    with closing(sqlite3.connect(state / "runs.db")) as ledger:
        ledger.execute("CREATE TABLE run (number INTEGER, run_id TEXT)")
        ledger.execute(f"INSERT INTO run VALUES (1, '{RUN}'), (2, '$(touch hacked)')")
        ledger.commit()
    program = tmp_path / "bin/gateway-console"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m console "$@"\n')
    program.chmod(0o755)
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": f"{home / 'bin'}:{os.environ['PATH']}", "LANG": "C.UTF-8", "TERM": "xterm"}


def script_in(home: Path, shell: str) -> None:
    """Write the completion of a shell into a home, or say that the shell is missing."""
    if shutil.which(shell) is None:
        not_tested(shell, f"it is missing; apt-get install -y --no-install-recommends {shell}")
    made = run(home, "gateway-console", "completion", shell)
    (home / "script").write_text(made)


def run(home: Path, *command: str, given: str = "") -> str:
    ended = subprocess.run(
        command, cwd=home, env=environment(home), input=given, capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
    return ended.stdout


@pytest.mark.long
def test_bash_offers_what_may_follow(home: Path) -> None:
    script_in(home, "bash")
    ask = [f"COMP_WORDS=({line} {'' if line[-1] != ' ' else chr(39) * 2}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1));"
           " COMPREPLY=(); _gateway_console gateway-console; echo ${COMPREPLY[@]}\n" for line in LINES]  # fmt: skip
    offered = run(home, "bash", "--norc", given="source ./script\n" + "".join(ask)).splitlines()
    wanted = LINES | {"gateway-console run bring last draf": set()}  # bash itself offers files, which is `compopt`
    assert dict(zip(LINES, map(set, map(str.split, offered)), strict=True)) == wanted
    assert not (home / "hacked").exists()


@pytest.mark.long
@pytest.mark.referee
def test_fish_offers_what_may_follow(home: Path) -> None:
    script_in(home, "fish")
    ask = "".join(f"complete -C {shlex.quote(line)} | string replace -r '\\t.*' ''; echo .\n" for line in LINES)
    offered = run(home, "fish", "--no-config", given=f"source ./script\n{ask}").split(".\n")
    assert {line: set(each.split()) for line, each in zip(LINES, offered, strict=False)} == LINES
    assert not (home / "hacked").exists()


@pytest.mark.referee
@pytest.mark.terminal
def test_zsh_offers_what_may_follow(home: Path) -> None:
    script_in(home, "zsh")
    (home / ".zshrc").write_text(ZSH)
    shell = pexpect.spawn(
        "zsh", ["-i"], cwd=home, env=environment(home), timeout=HANG_S, dimensions=(50, 160), encoding="utf-8"
    )
    found = {}
    for line in LINES:
        (home / "offered").write_text("")
        shell.send(f"{line}\t\x18")
        shell.expect("SHOWN")
        found[line] = set((home / "offered").read_text().split())
    shell.close(force=True)
    assert found == LINES
    assert not (home / "hacked").exists()
