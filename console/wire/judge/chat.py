"""Judges a Chat Completions stream: chunks of one answer, one finish_reason per choice, usage, [DONE]."""

from dataclasses import dataclass, field

from console.wire.answer import error_in
from console.wire.json_value import count_at, decode, text_at, value_at
from console.wire.judge.chat_body import is_bare, judge_content, judge_finish, judge_usage, text_in
from console.wire.judge.expectation import NOTHING, Expectation, Kept
from console.wire.judge.stream import Ending, StreamJudge
from console.wire.piece import ChatPiece

_CHOICE_LIMIT = 64
_CALL_LIMIT = 256


@dataclass(slots=True)
class _Call:
    """A tool call, built from its deltas."""

    name: str
    call_id: str
    arguments: Kept = field(default_factory=Kept)


@dataclass(slots=True)
class _Choice:
    """The state of one choice so far."""

    finish: str | None = None
    has_text: bool = False
    has_reasoning: bool = False
    calls: dict[object, _Call] = field(default_factory=dict)
    has_function_call: bool = False


class ChatJudge(StreamJudge):
    """Judges one Chat Completions stream."""

    def __init__(self, expected: Expectation = NOTHING) -> None:
        super().__init__(expected)
        self._id: object = None
        self._model: object = None
        self._created: object = None
        self._id_changes = 0
        self._sightings = 0
        """The number of chunks with the answer's id, or an id that took its place."""
        self._early: dict[str, object] | None = None
        """A chunk without content before any content: the first content shows whether it is a filler."""
        self._early_count = 0
        self._fillers = 0
        """The number of chunks without content under another id."""
        self._choices: dict[object, _Choice] = {}
        self._first: _Choice | None = None
        self._usage: tuple[int | None, int | None] | None = None
        self._has_usage_chunk = False
        self._has_counted_reasoning = False
        self._is_done = False
        self._has_failed = False
        self._text = Kept() if expected.accepts is not None else None

    def take(self, kind: str, name: str, value: dict[str, object]) -> None:
        """Judge one decoded event."""
        self._notes.position += 1
        if self._is_done:
            self._notes.add("CHT-STREAM-06", "not_last")
            return
        choices = value.get("choices")
        if type(choices) is not list or "error" in value:
            self._take_other(value, choices, name)
            return
        if value.get("object") != "chat.completion.chunk":
            self._judge_object(value)
        usage = value.get("usage")
        chunk_id = value.get("id")
        if chunk_id != self._id or value.get("model") != self._model or value.get("created") != self._created:
            if usage is None and (self._id is None or (chunk_id and chunk_id != self._id)) and is_bare(choices):
                self._take_bare(value)
                self._sightings -= bool(chunk_id)
                if self._id is not None or (choices and not value_at(choices[0], "delta", "role")):
                    return
            else:
                self._identify(value)
        if chunk_id:
            self._sightings += 1
        if len(choices) == 1 and usage is None:
            self._take_choice(choices[0])
            return
        for choice in choices:
            self._take_choice(choice)
        if usage is not None:
            self._take_usage(usage, is_alone=not choices)
        elif not choices and not self._choices:
            self._notes.add("CHT-STREAM-01", "leading")

    def take_piece(self, name: str, piece: ChatPiece) -> bool:
        """Judge a piece of text if its chunk continues a choice of the answer."""
        choice = piece.choices[0]
        state = self._choices.get(choice.index) if type(choice.index) is int else None
        if state is None or state.finish is not None or self._is_done or self._has_usage_chunk:
            return False
        if piece.id != self._id or piece.model != self._model or piece.created != self._created:
            return False
        if piece.object != "chat.completion.chunk":
            return False
        self._notes.position += 1
        if piece.id:
            self._sightings += 1
        text = choice.delta.content
        if text:
            state.has_text = True
            if self._text is not None and state is self._first:
                self._text.add(text)
        return True

    @property
    def has_content(self) -> bool:
        """Whether the model has generated anything so far."""
        return any(
            choice.has_text or choice.has_reasoning or choice.calls or choice.has_function_call
            for choice in self._choices.values()
        )

    def take_done_marker(self) -> None:
        """Judge a `[DONE]`."""
        self._notes.position += 1
        if self._is_done:
            self._notes.add("CHT-STREAM-06", "not_last")
        self._is_done = True

    def close(self, ending: Ending) -> None:
        """Judge the end of the stream."""
        if self._id_changes:
            is_rotating = self._id_changes == self._sightings - 1 > 1
            self._fillers = 0 if is_rotating else self._fillers
            self._notes.add("CHT-STREAM-02", "rotating" if is_rotating else "other_id")
        if self._fillers:
            self._notes.add("CHT-STREAM-02", "filler", f"chunks: {self._fillers}")
        if ending.has_error or self._is_other_family:
            return
        if not ending.is_complete:
            self._notes.add("CHT-STREAM-04", "cut")
            return
        if any(choice.finish is None for choice in self._choices.values()):
            self._notes.add("CHT-STREAM-04", "choice_cut")
        if self._id is None or self._model is None:
            self._notes.add("CHT-STREAM-02", "missing")
        self._judge_arguments()
        if not ending.is_refused:
            self._judge_amount(ending.finish)
        if self._usage is None:
            self._notes.add("CHT-STREAM-05", "missing")
        elif 0 in self._usage and self.has_content:
            self._notes.add("CHT-U-01", "zero")
        if not self._is_done:
            self._notes.add("CHT-STREAM-06", "missing")

    # --- Chunks ------------------------------------------------------------------------------------------------------

    def _take_other(self, value: dict[str, object], choices: object, name: str) -> None:
        """Judge an event without a list of choices, or with an error."""
        if name == "error" or error_in(value) is not None:
            if not self._has_failed:
                self._notes.add("CHT-STREAM-08", "error")
            self._has_failed = True
            if value_at(value, "type") == "error" or not isinstance(value.get("error"), dict):
                self._notes.add("COM-E-01", "dialect")
        elif "choices" not in value:
            self._notes.add("COM-B-02", "other_family")
        elif not isinstance(choices, list):
            self._notes.add("CHT-STREAM-01", "choices")
        else:  # a null error next to complete choices
            self.take("", "", {name: each for name, each in value.items() if name != "error"})
            self._notes.position -= 1

    def _judge_object(self, value: dict[str, object]) -> None:
        if value.get("object"):
            self._notes.add("CHT-STREAM-01", "object")
        elif value.get("choices"):
            self._notes.add("CHT-STREAM-01", "no_object")

    def _take_bare(self, value: dict[str, object]) -> None:
        """Judge a chunk without content, under another id than the answer's, or before the answer has one.

        Gateways fill a wait with such chunks. Which id is the answer's shows with its first content.
        """
        chunk_id = value.get("id")
        early_id = None if self._early is None else self._early.get("id")
        if self._id is not None:
            self._fillers += 1
        elif chunk_id and early_id and chunk_id != early_id:
            self._fillers += self._early_count
            self._early, self._early_count = value, 1
        else:
            self._early = self._early if early_id else value
            self._early_count += bool(chunk_id)

    def _identify(self, value: dict[str, object]) -> None:
        early, self._early = self._early, None
        if early is not None:
            if value.get("id") and early.get("id") and value["id"] != early["id"]:
                self._fillers += self._early_count
            else:
                self._sightings += self._early_count
                self._identify(early)
        chunk_id, model, created = value.get("id"), value.get("model"), value.get("created")
        if chunk_id and chunk_id != self._id:
            self._id_changes += self._id is not None
            self._id = chunk_id
        if model and model != self._model:
            if self._model is not None:
                self._notes.add("CHT-STREAM-02", "other_model")
            self._model = model
        if created and created != self._created:
            if self._created is not None:
                self._notes.add("CHT-STREAM-02", "created")
            self._created = created

    def _take_choice(self, choice: object) -> None:
        if type(choice) is not dict:
            self._notes.add("CHT-STREAM-01", "choices")
            return
        delta = choice.get("delta")
        if type(delta) is not dict:
            if delta is not None:
                self._notes.add("CHT-STREAM-01", "choices")
            delta = {}
        index = choice.get("index")
        state = self._choices.get(index) if type(index) is int else self._first
        if state is None:
            state = self._open_choice(index, delta)
        role = delta.get("role")
        if role is not None and role not in ("assistant", ""):
            self._notes.add("CHT-STREAM-03", "other_role")
        content = delta.get("content")
        if type(content) is str and len(delta) == 1:
            has_content = content != ""
            if has_content:
                state.has_text = True
        else:
            has_content = self._take_content(state, delta)
        finish = choice.get("finish_reason")
        if state.finish is not None and (finish or has_content):
            self._notes.add("CHT-STREAM-04", "after_end")
        elif self._has_usage_chunk and has_content:
            self._notes.add("CHT-STREAM-05", "not_last")
        if type(finish) is str and finish:
            state.finish = finish
        if self._text is not None and state is self._first and has_content:
            self._text.add(text_in(delta))

    def _open_choice(self, index: object, delta: dict[str, object]) -> _Choice:
        state = _Choice()
        if self._first is None:
            self._first = state
        if len(self._choices) < _CHOICE_LIMIT:
            self._choices[index if type(index) is int else None] = state
        if not delta.get("role"):
            self._notes.add("CHT-STREAM-03", "missing")
        return state

    def _take_content(self, state: _Choice, delta: dict[str, object]) -> bool:
        """Judge a delta with more than text; return whether it has any content."""
        calls = delta.get("tool_calls")
        if type(calls) is list and len(delta) == 1:
            for call in calls:
                self._take_call(state, call)
            return bool(calls)
        has_text = has_reasoning = False
        content = delta.get("content")
        if content is not None or "refusal" in delta:
            judge_content(content, self._notes)
            has_text = bool(text_in(delta))
            state.has_text = state.has_text or has_text
        if "reasoning_content" in delta or "reasoning" in delta:
            has_reasoning = bool(text_at(delta, "reasoning_content") or text_at(delta, "reasoning"))
            state.has_reasoning = state.has_reasoning or has_reasoning
        if calls is not None:
            if isinstance(calls, list):
                for call in calls:
                    self._take_call(state, call)
            else:
                self._notes.add("CHT-STREAM-07", "shape")
        if "function_call" in delta:
            state.has_function_call = isinstance(delta["function_call"], dict) or state.has_function_call
        return has_text or has_reasoning or bool(calls)

    def _take_call(self, state: _Choice, piece: object) -> None:
        function = piece.get("function") if type(piece) is dict else None
        if type(piece) is not dict or type(function) is not dict:
            self._notes.add("CHT-STREAM-07", "shape")
            return
        index, name, call_id = piece.get("index"), function.get("name"), piece.get("id")
        name = name if type(name) is str else None
        call_id = call_id if type(call_id) is str else None
        if type(index) is not int:
            self._notes.add("CHT-STREAM-07", "unindexed")
            index = call_id or next(reversed(state.calls), None)
        call = state.calls.get(index)
        if call is None:
            if not (name and call_id):
                self._notes.add("CHT-STREAM-07", "no_name")
            if len(state.calls) >= _CALL_LIMIT:
                return
            call = state.calls[index] = _Call(name or "", call_id or "")
        elif (name and name != call.name) or (call_id and call_id != call.call_id):
            self._notes.add("CHT-STREAM-07", "other_name")
        arguments = function.get("arguments")
        if type(arguments) is str:
            call.arguments.add(arguments)

    def _take_usage(self, usage: object, *, is_alone: bool) -> None:
        figures = count_at(usage, "prompt_tokens"), count_at(usage, "completion_tokens")
        if not judge_usage(usage, self._notes):
            return
        if self._has_usage_chunk:
            self._notes.add("CHT-STREAM-05", "repeated" if figures == self._usage else "contradiction")
        elif self._usage is not None:
            self._notes.add("CHT-STREAM-05", "repeated")
        if not is_alone:
            self._notes.add("CHT-STREAM-05", "beside_content")
        self._has_usage_chunk = self._has_usage_chunk or is_alone
        self._usage = figures
        self._has_counted_reasoning = bool(count_at(usage, "completion_tokens_details", "reasoning_tokens"))

    # --- The end -----------------------------------------------------------------------------------------------------

    def _judge_arguments(self) -> None:
        for choice in self._choices.values():
            for call in choice.calls.values():
                text = call.arguments.text
                if text and decode(text) is None:
                    self._notes.add("CHT-STREAM-07", "not_json", f"characters: {len(text)}")

    def _judge_amount(self, finish: str | None) -> None:
        for choice in self._choices.values():
            if choice.finish is not None:
                judge_finish(
                    choice.finish,
                    self._notes,
                    has_text=choice.has_text,
                    has_reasoning=choice.has_reasoning or self._has_counted_reasoning,
                    has_tool=bool(choice.calls) or choice.has_function_call,
                )
        text = None if self._text is None else self._text.text
        case = None if text is None else self._expected.departure_of(text, finish)
        if case is not None:
            self._notes.add("CHT-B-04", case)
