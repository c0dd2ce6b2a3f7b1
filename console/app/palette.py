"""The command palette, generated from the action table."""

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.app.actions import Action, Place, actions_of


class ActionProvider(Provider):
    """Finds actions by their id and help."""

    async def discover(self) -> Hits:
        """Yield every action."""
        for action in actions_of(self._place):
            yield DiscoveryHit(action.help, partial(self._do, action.id), help=_key(action))

    async def search(self, query: str) -> Hits:
        """Yield the actions that match."""
        matcher = self.matcher(query)
        for action in actions_of(self._place):
            name = f"{action.help}  {action.id}"
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), partial(self._do, action.id), help=_key(action))

    @property
    def _place(self) -> Place:
        """The screen below the palette."""
        return getattr(self.screen, "PLACE", Place.MAIN)

    async def _do(self, action_id: str) -> None:
        await self.screen.run_action(f"screen.do('{action_id}')")


def _key(action: Action) -> str:
    return f"{action.shown_key} · {action.id}"
