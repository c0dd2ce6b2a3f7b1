"""The command palette, generated from the action table."""

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.app.actions import ACTIONS, Action


class ActionProvider(Provider):
    """Finds actions by their id and help."""

    async def discover(self) -> Hits:
        """Yield every action."""
        for action in ACTIONS:
            yield DiscoveryHit(action.help, partial(self._do, action.id), help=_key(action))

    async def search(self, query: str) -> Hits:
        """Yield the actions that match."""
        matcher = self.matcher(query)
        for action in ACTIONS:
            name = f"{action.help}  {action.id}"
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), partial(self._do, action.id), help=_key(action))

    async def _do(self, action_id: str) -> None:
        await self.screen.run_action(f"screen.do('{action_id}')")


def _key(action: Action) -> str:
    return f"{action.shown_key} · {action.id}"
