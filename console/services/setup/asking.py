"""Asking a face, until its answer can be read."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from console.domain.setup.question import Question
from console.services.setup.face import Face

_Answer = TypeVar("_Answer")


async def asked(face: Face, question: Question, read: Callable[[str], _Answer]) -> _Answer:
    """Ask until the answer can be read; what cannot is never repeated in the next question.

    Args:
        face: Who answers.
        question: What is asked.
        read: Reads the answer; raises `ValueError` with the reason if it cannot.

    Raises:
        Problem: No one can be asked.

    """
    while True:
        text = await face.ask(question)
        try:
            answer = question.answered(text)
            if not answer:
                raise ValueError("an answer is needed here")  # noqa: TRY301  # as the readers do
            return read(answer)
        except ValueError as error:
            question = replace(question, fault=str(error))
