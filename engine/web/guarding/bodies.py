"""Bodies of requests, read within bounds of size and time, packed or not.

What is too large is refused as soon as that is known: by its announced length before anything is read, else at the first byte too many.
Packed bytes are unpacked piece by piece and never further than they may go, so a bomb costs no more than a fair body.

Limits: BODY_BYTES_MAX as sent and as unpacked; unpacked at most RATIO_MAX times what was sent, beyond RATIO_FREE_BYTES; READ_SECONDS for
all of it.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import ClientDisconnect, Request

from engine.web.guarding.problems import LINGERING, Problem
from schemas.terms.http import ProblemCode

BODY_BYTES_MAX: Final = 8 * 1024 * 1024
READ_SECONDS: Final = 10.0
"""How long a body may take to arrive; and the head of a request."""
RATIO_MAX: Final = 20
RATIO_FREE_BYTES: Final = 256 * 1024
"""So many bytes may be packed as small as they will: one event that repeats itself is no bomb."""
_PIECE_BYTES: Final = 64 * 1024
_GZIP_WINDOW: Final = 31


async def body_of(request: Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Read a body, unpacked.

    Raises:
        Problem: it is too large, too slow, or not packed as it says.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > bytes_max:
        raise Problem(ProblemCode.TOO_LARGE, f"at most {bytes_max} bytes", headers=LINGERING)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise Problem(ProblemCode.ENCODING_UNSUPPORTED, headers={**LINGERING, "accept-encoding": "gzip"})
    pieces = _bounded(request.stream(), bytes_max)
    try:
        async with asyncio.timeout(READ_SECONDS):
            if encoding == "gzip":
                return await _unpacked(pieces, bytes_max)
            return b"".join([piece async for piece in pieces])
    except TimeoutError:
        raise Problem(ProblemCode.TOO_SLOW, headers=LINGERING) from None
    except ClientDisconnect:
        raise Problem(ProblemCode.TOO_SLOW) from None  # nobody hears it


async def _bounded(pieces: AsyncIterator[bytes], bytes_max: int) -> AsyncIterator[bytes]:
    count = 0
    async for piece in pieces:
        count += len(piece)
        if count > bytes_max:
            raise Problem(ProblemCode.TOO_LARGE, f"at most {bytes_max} bytes", headers=LINGERING)
        yield piece


async def _unpacked(pieces: AsyncIterator[bytes], bytes_max: int) -> bytes:
    unpacker, found, packed_count = zlib.decompressobj(_GZIP_WINDOW), bytearray(), 0
    try:
        async for piece in pieces:
            packed_count += len(piece)
            waiting = piece
            while waiting and not unpacker.eof:
                found += unpacker.decompress(waiting, _PIECE_BYTES)
                waiting = unpacker.unconsumed_tail
                if len(found) > min(bytes_max, max(RATIO_FREE_BYTES, RATIO_MAX * packed_count)):
                    raise Problem(
                        ProblemCode.TOO_LARGE, f"at most {bytes_max} bytes unpacked, and {RATIO_MAX} times what was sent", headers=LINGERING
                    )
            if unpacker.eof and unpacker.unused_data:
                raise Problem(ProblemCode.BODY_MALFORMED, "more follows after the end of the packed body", headers=LINGERING)
        found += unpacker.flush()
    except zlib.error:
        raise Problem(ProblemCode.BODY_MALFORMED, "the packed body is damaged", headers=LINGERING) from None
    if not unpacker.eof and packed_count:
        raise Problem(ProblemCode.BODY_MALFORMED, "the packed body is cut off")
    if len(found) > bytes_max:
        raise Problem(ProblemCode.TOO_LARGE, f"at most {bytes_max} bytes", headers=LINGERING)
    return bytes(found)
