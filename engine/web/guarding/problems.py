"""Problems: every refusal of HTTP in one form (problem+json), with a stable code.

Source: RFC 9457.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from schemas.terms.http import ProblemCode as Code

PROBLEM_JSON: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:bothways:problem:"
LINGERING: Final = {"connection": "close"}
"""For a refusal before the whole request was read: what is still to come is not the next request."""

MEANINGS: Final[Mapping[Code, tuple[int, str]]] = {
    Code.BODY_MALFORMED: (400, "The body is not what its content type says."),
    Code.HEADER_INVALID: (400, "A header has a form that it may not have."),
    Code.REQUEST_MALFORMED: (400, "This is not HTTP/1.1, or its head has more than 16 KiB."),
    Code.PARAMETER_INVALID: (400, "A parameter is unknown or has a wrong form."),
    Code.TOKEN_MISSING: (401, "A token is needed: `authorization: Bearer …`."),
    Code.TOKEN_INVALID: (401, "The token is unknown or was revoked."),
    Code.TOKEN_EXPIRED: (401, "The token has expired."),
    Code.ROLE_MISSING: (403, "The token doesn't have the role that this needs."),
    Code.ORIGIN_REFUSED: (403, "A page of another origin asked."),
    Code.NOT_FOUND: (404, "There is nothing at this address."),
    Code.METHOD_NOT_ALLOWED: (405, "This address has no such method."),
    Code.TOO_SLOW: (408, "The request took too long to arrive."),
    Code.POSITION_GONE: (410, "What was there is gone; `oldest` is the first position that is left."),
    Code.TOO_LARGE: (413, "The body is too large, as sent or unpacked."),
    Code.TYPE_UNSUPPORTED: (415, "The content type is none that is read here."),
    Code.ENCODING_UNSUPPORTED: (415, "The content encoding is none that is read here; gzip is."),
    Code.HOST_REFUSED: (421, "The host of the request is not this machine's loopback."),
    Code.EVENT_REFUSED: (422, "The event was refused; `code` says why."),
    Code.TOO_MANY_REQUESTS: (429, "More requests than this token may send; wait as long as `retry-after` says."),
    Code.BUSY: (429, "The engine has more to do than it can hold. Nothing of this was taken; send it again."),
    Code.INTERNAL_ERROR: (500, "A defect of Bothways. Whether this was done is unknown."),
    Code.NOT_READY: (503, "The engine is not ready, or its loop doesn't turn."),
    Code.STOPPING: (503, "The engine stops. Whether this was done is unknown; send it again when it runs."),
    Code.CONNECTIONS_FULL: (503, "There are too many connections."),
    Code.ANSWER_UNKNOWN: (504, "The engine has not answered in time. Send the same again: what was taken changes nothing twice."),
}
"""Code → its status, and what it says."""


class Problem(Exception):
    """A request is not done. The answer is made from it."""

    def __init__(
        self,
        code: Code,
        detail: str | None = None,
        *,
        event_code: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        """Say why.

        Args:
            detail: what is wrong with this one; holds nothing of a body.
            event_code: of an event that was refused; it becomes the `code` of the answer.
            members: what else a program can use.
        """
        super().__init__(code.value)
        self.code = code
        self.detail = detail
        self.event_code = event_code
        self.headers = dict(headers or {})
        self.members = members

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return MEANINGS[self.code][0]

    def body(self) -> bytes:
        """Write it as JSON."""
        status, title = MEANINGS[self.code]
        told: dict[str, Any] = {"type": TYPE_PREFIX + self.code, "title": title, "status": status, "code": self.event_code or self.code}
        if self.detail is not None:
            told["detail"] = self.detail
        return msgspec.json.encode(told | self.members)

    def response(self) -> Response:
        """Return the answer."""
        challenge = {"www-authenticate": "Bearer"} if self.status == 401 else {}
        return Response(self.body(), self.status, {**challenge, **self.headers}, PROBLEM_JSON)
