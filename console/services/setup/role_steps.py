"""The steps of the set-up about roles: who is proposed, and what the operator changes."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from console.domain.probes.catalogue import Catalogue
from console.domain.routes.contract import CheckBasis
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.setup.candidate import Candidate, candidates
from console.domain.setup.event import ModelsListed, RolesProposed, Said
from console.domain.setup.proposal import Proposal, propose
from console.domain.setup.question import Question, Topic
from console.services.config.settings import Profile
from console.services.config.toml_text import ConfigError
from console.services.gateway.address import base_address
from console.services.setup.asking import asked
from console.services.setup.discovery import Found
from console.services.setup.draft import Draft
from console.services.setup.face import Face
from console.services.setup.plan import SetUpPlan
from console.services.setup.roles import read_roles

AGREED = "ok"
"""The answer that takes the proposal as it is."""


async def ask_roles(face: Face, plan: SetUpPlan, draft: Draft, found: Found | None) -> tuple[Draft, Profile]:
    """Propose who has which role until the operator agrees and a config can say it.

    Args:
        face: Who answers.
        plan: What is known beforehand.
        draft: The profile so far.
        found: What the gateway has; None if it was not reached.

    """
    basis = CheckBasis(plan.today, base_address(draft.address.base_url), facts=plan.facts)
    spoken: Mapping[EndpointFamily, str] = draft.address.paths
    if found is not None and found.paths:
        spoken = found.paths
    could = await asyncio.to_thread(candidates, Catalogue() if found is None else found.catalogue, spoken, basis)
    if found is not None:
        await face.tell(ModelsListed(could, could.chosen))
        if not found.catalogue.is_complete:
            words = "The list could not be read to its end: other models may exist, and ROLE==MODEL names one."
            await face.tell(Said(words, is_warning=True))
    fixed: dict[Role, Candidate | None] = {}
    proposal = propose(could, fixed)
    await face.tell(RolesProposed(proposal))
    fault = ""
    while True:
        answer = await asked(face, replace(_question(proposal), fault=fault), str)
        fault = ""
        try:
            if answer.startswith("?"):
                shown = could.matching(answer[1:].strip())
                await face.tell(ModelsListed(could, shown, is_part=True))
            elif answer.lower() not in (AGREED, "y", "yes"):
                fixed |= read_roles(answer, could, spoken, basis)
                proposal = propose(could, fixed)
                await face.tell(RolesProposed(proposal))
            elif not proposal.roles:
                fault = "no role has a model yet; write at least writer=MODEL"
            else:
                agreed = replace(draft, proposal=proposal)
                return agreed, agreed.profile(plan.facts)
        except ConfigError as error:
            fault = "; ".join(each.problem for each in error.faults)
        except ValueError as error:
            fault = str(error)


def _question(proposal: Proposal) -> Question:
    words = "Enter takes these. ROLE=MODEL changes one, ROLE=- leaves it out, ?PART lists models"
    if not proposal.roles:
        words = "No model is known: name them, as in writer=MODEL:chat_completions"
    return Question(Topic.ROLES, words, offered=AGREED if proposal.roles else "", option="--role")
