"""The set-up with the screen as its face: a dialog asks, and the suspended terminal takes the token."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from textual.app import App, SuspendNotSupported

from console.app.dialogs.setup_dialog import SetupDialog
from console.domain.problem import Problem
from console.domain.setup.event import SetupEvent
from console.domain.setup.question import Question
from console.services.config.load import user_config_path
from console.services.config.settings import Profile
from console.services.facts.installed import model_facts
from console.services.setup.config_place import look_at
from console.services.setup.conversation import set_up
from console.services.setup.draft import Draft, trial_config
from console.services.setup.plan import SetUpPlan
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.sources import Sources
from console.services.tokens.terminal import Ask
from console.view.setup.words import SetupLine, event_lines
from console.view.sign import Tone

_TOKEN = (sys.executable, "-m", "console", "token")


class Wizard:
    """The screen as a face of the set-up."""

    def __init__(self, app: App[None], dialog: SetupDialog, options: str) -> None:
        """Prepare.

        Args:
            app: Whose terminal takes the token.
            dialog: Asks and shows.
            options: The options with which other commands read the same config.

        """
        self._app = app
        self._dialog = dialog
        self._options = options

    @property
    def ask_hidden(self) -> Ask | None:
        """Nothing hidden is typed on the screen."""
        return None

    async def ask(self, question: Question) -> str:
        """Ask in the dialog."""
        return await self._dialog.ask(question)

    async def tell(self, event: SetupEvent) -> None:
        """Show an event in the dialog."""
        self._dialog.tell(event_lines(event, self._options))

    async def store_token(self, draft: Draft, reference: Reference, sources: Sources) -> str:
        """Suspend the screen and let the command line ask for the token, as the key for a token does."""
        with tempfile.TemporaryDirectory(prefix="gateway-console-") as folder:
            config = Path(folder) / "config.toml"
            config.touch(mode=0o600)
            config.write_text(trial_config(draft), encoding="utf-8")
            where = [str(reference), "--config", str(config), "--profile", draft.name]
            commands = [[*_TOKEN, "set", *where]]
            if reference.scheme is Scheme.VAULT:
                commands.append([*_TOKEN, "unlock", *where])  # the screen cannot ask for its passphrase
            try:
                with self._app.suspend():
                    codes = [subprocess.run(each, check=False).returncode for each in commands]  # noqa: ASYNC221, S603
            except SuspendNotSupported:
                return "this terminal cannot be suspended to type the token; use env:NAME, or gateway-console init"
        return "" if not any(codes) else f"{reference}: no token was stored; gateway-console init says why"


async def converse(app: App[None], dialog: SetupDialog, profile: Profile, environment: Mapping[str, str]) -> str | None:
    """Hold the conversation, and return the name of the profile that was written; None if none was.

    Args:
        app: The application.
        dialog: Asks and shows.
        profile: The profile in use; a new one goes into the same config if that is the operator's.
        environment: The environment variables.

    """
    own = user_config_path(environment)
    path = own if profile.is_built_in or profile.is_of_repository else Path(profile.source)
    try:
        if path is None:
            raise Problem("HOME is not set, which says where the config goes. Set it")  # noqa: TRY301
        options = "" if path == own else f" --config {path}"
        plan = SetUpPlan(look_at(path, own), environment, datetime.now(UTC).date(), model_facts(environment))
        done = await set_up(Wizard(app, dialog, options), plan)
    except Problem as error:
        dialog.tell([SetupLine(f"× {each}", Tone.FAIL) for each in str(error).split("\n")])
        return None
    return None if done.placed is None else done.draft.name
