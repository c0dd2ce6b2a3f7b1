"""Repeats an exchange: the status, head, events and end of an answer of another gateway, without its content."""

from aiohttp import web

from console.domain.exchange.shape import ExchangeShape, ShapeEnd
from console.wire.without_content import named_in, played


async def replay(request: web.Request, shape: ExchangeShape, model: str) -> web.StreamResponse:
    """Answer a call as an exchange was answered.

    Args:
        request: The call.
        shape: The exchange.
        model: The model that the call names.

    """
    if shape.end is ShapeEnd.SILENT:
        return _closed(request)
    headers = {name: named_in(value, model) for name, value in shape.headers}
    response = web.StreamResponse(status=shape.status, headers=headers)
    response.enable_chunked_encoding()
    try:
        await response.prepare(request)
        for piece in played(shape, model):
            await response.write(piece)
        if shape.end is ShapeEnd.BROKEN:
            return _closed(request, response)
        await response.write_eof()
    except ConnectionError:
        pass  # the client is gone and reads no answer
    return response


def _closed(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    """Close the connection, whatever was promised."""
    if request.transport is not None:
        request.transport.close()
    return web.Response() if response is None else response
