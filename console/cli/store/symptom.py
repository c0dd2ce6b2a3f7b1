"""What the doctor says of the store."""

from console.cli.context import current
from console.domain.problem import Problem
from console.services.config.own_store import own_store
from console.services.doctor import Health, Symptom
from console.services.store.door import open_store, own_file


async def store_symptom() -> tuple[Symptom, Problem | None]:
    """Return where runs are kept and whether that can be used, and the problem if it cannot."""
    environment = current().environment
    try:
        if own_store(environment) is None:
            return Symptom("store.where", Health.NOTE, f"runs are in {own_file(environment)}, on this machine"), None
        async with open_store(environment, is_looking=True) as store:
            return Symptom("store.where", Health.OK, f"runs are in {store.where}, shared with other machines"), None
    except Problem as problem:
        todo = "Then: gateway-console store check"
        return Symptom("store.where", Health.UNSAFE if problem.is_unsafe else Health.FAIL, str(problem), todo), problem
