"""Crash-only: whatever goes wrong between a worker and its broker ends the process at once, with exit code 70.

Memory is never repaired: after a failed or unanswered commit nobody here can know what was committed, but the broker can. The next start
fences whatever was left open, reads what was committed, and goes on from there. A supervisor restarts with back-off.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import structlog

from engine.errors import EngineError
from engine.runtimes.kafka.broker.rights import refusal_in

EXIT_IN_DOUBT: Final = 70

_log = structlog.get_logger()


def leave(error: BaseException, *, topic: str = "", partition: int = -1) -> NoReturn:
    """End the process without a clean-up, so that nothing in doubt is emitted."""
    _log.error("worker_in_doubt", exc_info=error, topic=topic, partition=partition)
    sys.stderr.write(_said(error) + "\n")
    sys.stderr.flush()
    os._exit(EXIT_IN_DOUBT)


def end_process() -> NoReturn:
    """End the process as told, at once: everything is committed, and a thread that still computes has nobody to compute for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _said(error: BaseException) -> str:
    if isinstance(error, EngineError):
        return str(error)
    refused = refusal_in(error)
    if refused is not None:
        return f"The user is not allowed to {refused}. Allow what `bothways topics plan --acls` lists, then start the worker again."
    return f"In doubt ({type(error).__name__}); start the worker again."


@contextmanager
def leaving_on_doubt(topic: str = "", partition: int = -1, *, is_cancellable: bool = False) -> Iterator[None]:
    """Leave the process if anything at all goes wrong inside.

    Args:
        is_cancellable: whether a cancellation leaves nothing in doubt; where a commit may be under way it does.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        if is_cancellable:
            raise
        leave(error, topic=topic, partition=partition)
    except BaseException as error:  # noqa: BLE001 - the loop boundary of this runtime: nothing goes on in doubt
        leave(error, topic=topic, partition=partition)
