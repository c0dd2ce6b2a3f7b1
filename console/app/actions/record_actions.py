"""The actions of the records screen."""

from console.app.actions.action import Action, Place
from console.app.records import disabled_reason as record_reason

_RECORDS = (Place.RECORDS,)

RECORD_ACTIONS = (
    Action(
        "record.open",
        ("enter",),
        "open",
        "Show this run on the run screen.",
        record_reason.why_no_open,
        places=_RECORDS,
    ),
    Action(
        "record.verify",
        ("v",),
        "verify",
        "Verify this run: its lines, its checkpoints, and their signatures by the policy's allowed_signers.",
        record_reason.why_no_verify,
        places=_RECORDS,
    ),
    Action(
        "record.verify_all",
        ("V",),
        "all",
        "Verify every run of this machine, those too whose lines are gone.",
        record_reason.why_no_verify_all,
        places=_RECORDS,
    ),
    Action(
        "record.stop",
        ("x",),
        "stop",
        "Stop verifying; what was verified so far stays shown.",
        record_reason.why_no_stop,
        places=_RECORDS,
    ),
    Action(
        "record.export",
        ("w",),
        "export",
        "Write this record to a file, in a form that other tools read.",
        record_reason.why_no_export,
        places=_RECORDS,
    ),
    Action(
        "record.diff",
        ("d",),
        "diff",
        "Mark this record; on a second one, show in what the two differ.",
        record_reason.why_no_diff,
        places=_RECORDS,
    ),
    Action(
        "record.more",
        ("m",),
        "more",
        "List older records.",
        record_reason.why_no_more,
        places=_RECORDS,
    ),
    Action(
        "record.close",
        ("escape", "L"),
        "back",
        "Stop verifying, if it is in progress; or else go back.",
        places=_RECORDS,
    ),
    Action("record.next_pane", ("tab", "shift+tab"), "pane", "Go to the other pane.", places=_RECORDS),
    Action("record.down", ("j", "down"), "down", "Next record, or scroll.", is_shown=False, places=_RECORDS),
    Action("record.up", ("k", "up"), "up", "Previous record, or scroll.", is_shown=False, places=_RECORDS),
    Action("record.first", ("g", "home"), "first", "Newest record, or top.", is_shown=False, places=_RECORDS),
    Action("record.last", ("G", "end"), "last", "Last record listed, or end.", is_shown=False, places=_RECORDS),
)
