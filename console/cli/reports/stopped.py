"""The calls that the operator interrupted, for a person."""

from console.cli import output
from console.view.request_log import RequestLog


def note_stopped(requests: RequestLog, of: str = "") -> None:
    """Name the calls that were under way, and whether each was sent: an interrupted call may be billed.

    Args:
        requests: The calls.
        of: What precedes the message: the profile of a sweep.

    """
    for words, is_sent in (("had been sent", True), ("may have been sent", False)):
        live = [call.key for call in requests.calls if call.is_live and call.is_sent is is_sent]
        if live:
            output.note(f"{of}stopped: {', '.join(live)} {words}, may be billed, and have an unknown outcome")
