"""The last check before a bundle leaves: a suspected secret in any field refuses it, by the name of the field."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.routes.role import Role
from console.domain.tokens.secret import Secret
from console.services.config.load import load_profile
from console.services.escalation.gather import Surroundings, bundle_of_route
from console.services.escalation.guard import EscalationError, require_clean_bundle, require_clean_text, save_new
from console.services.system.leak_guard import LEAK_GUARD

KEY = "-".join(["sk", "proj", "Mq7vB2xKw9Zr4tY8nLc3Hd6pJ1sGf5aQ"])
TOKEN = "-".join(["tk", "plain", "of", "birch", "and", "plum"])


def test_a_suspected_secret_refuses_a_bundle_by_the_fields_name_and_is_not_repeated() -> None:
    profile = load_profile(name="demo")
    check = next(each for each in profile.check() if each.route.key == Role.WRITER.value)
    bundle = bundle_of_route(profile, check, Surroundings(0, (), {}), origin="https://gateway.example:443")
    require_clean_bundle(bundle)
    LEAK_GUARD.add(Secret(TOKEN))
    for field, text in (("profile.header_names", KEY), ("profile.header_names", TOKEN)):
        spoilt = replace(bundle, profile=replace(bundle.profile, header_names=("x-team", text)))
        with pytest.raises(EscalationError, match=field) as caught:
            require_clean_bundle(spoilt)
        assert caught.value.is_unsafe
        assert text not in str(caught.value)


def test_a_suspected_secret_refuses_a_scenario_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(EscalationError, match="line 2 of the scenario") as caught:
        require_clean_text(f"a\nkey = '{KEY}'\n", "scenario")
    assert KEY not in str(caught.value)
    save_new(tmp_path / "new", "a")
    with pytest.raises(EscalationError, match="exists and was not changed"):
        save_new(tmp_path / "new", "b")
    assert (tmp_path / "new").read_text() == "a"
