"""How much of a file's text a tool gives its model."""

from console.domain.instructions.imports import model_text
from console.domain.instructions.source import Tool
from console.services.instructions.file_cache import ReadFile

_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def size_for_model(tool: Tool, file: ReadFile) -> int:
    """Return how many bytes of a file's text the tool gives its model, without a budget."""
    text = file.text
    left = model_text(tool, text)
    if not left.strip().strip(_BYTE_ORDER_MARK).strip():
        return 0
    return len(file.data) if left == text else len(left.encode("utf-8", "surrogateescape"))
