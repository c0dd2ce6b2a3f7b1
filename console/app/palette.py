"""The command palette: the actions of the table, and the profiles to switch to."""

from functools import partial
from typing import Protocol, runtime_checkable

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.app.actions import Action, Place, actions_of
from console.view.config_view import ProfileRow


@runtime_checkable
class SwitchesProfile(Protocol):
    """A screen on which another profile can be taken."""

    @property
    def profile_rows(self) -> tuple[ProfileRow, ...]:
        """The profiles to switch to."""


class ActionProvider(Provider):
    """Finds actions by their id and help."""

    async def discover(self) -> Hits:
        """Yield every action."""
        for action in self._actions:
            yield DiscoveryHit(action.help, partial(self._do, action.id), help=_key(action))

    async def search(self, query: str) -> Hits:
        """Yield the actions that match."""
        matcher = self.matcher(query)
        for action in self._actions:
            name = f"{action.help}  {action.id}"
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), partial(self._do, action.id), help=_key(action))
        for row in self.screen.profile_rows if isinstance(self.screen, SwitchesProfile) else ():
            name = f"profile {row.name}"
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), partial(self._switch, row.name), help=row.words)

    @property
    def _actions(self) -> tuple[Action, ...]:
        """The actions of the screen below the palette, and of its panes."""
        place = getattr(self.screen, "PLACE", Place.MAIN)
        return (*actions_of(place), *(actions_of(Place.AGENTS) if place is Place.MAIN else ()))

    async def _switch(self, name: str) -> None:
        await self.screen.run_action(f"screen.switch_profile({name!r})")

    async def _do(self, action_id: str) -> None:
        await self.screen.run_action(f"screen.do('{action_id}')")


def _key(action: Action) -> str:
    return f"{action.shown_key} · {action.id}"
