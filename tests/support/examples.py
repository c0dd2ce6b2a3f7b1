"""How many examples hypothesis tries: all of them in the whole run (`pytest -m ""`), a quarter by default."""

from hypothesis import HealthCheck, settings

USUAL = 100
"""What hypothesis tries where a test says nothing else."""
FEWEST = 5


def set_up(share: float) -> None:
    """Make the settings of every test: no example fails by how long it, or making it up, took."""
    settings.register_profile(
        "steady",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        max_examples=round(USUAL * share),
    )
    settings.load_profile("steady")


def examples(whole: int, *allowed: HealthCheck) -> settings:
    """Return settings with so many examples in the whole run; `allowed` are checks that a test need not pass."""
    share = settings().max_examples / USUAL
    return settings(
        max_examples=max(FEWEST, round(whole * share)), suppress_health_check=[HealthCheck.too_slow, *allowed]
    )
