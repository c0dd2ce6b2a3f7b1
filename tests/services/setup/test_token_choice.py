"""What enter alone answers when the set-up asks where the token is."""

from console.domain.setup.question import Choice
from console.services.setup.token_choice import NONE, offered

KERNEL, VAULT, WITHOUT = Choice("kernel:local", "memory"), Choice("vault:local", "a file"), Choice(NONE, "no token")


def test_enter_does_not_give_an_answer_again_that_did_not_work() -> None:
    """A store's name may belong to another gateway: enter would ask the same question for ever."""
    choices = (KERNEL, VAULT, WITHOUT)
    assert offered(choices, is_sure=False) == "kernel:local"
    assert offered(choices, is_sure=False, refused={"kernel:local"}) == "vault:local"
    assert offered(choices, is_sure=False, refused={"kernel:local", "vault:local"}) == ""


def test_enter_says_that_there_is_no_token_only_where_the_gateway_showed_it() -> None:
    assert [offered((WITHOUT, KERNEL), is_sure=sure) for sure in (True, False)] == [NONE, ""]
