"""`bothways serve`: the engine in wall time."""

from typing import Annotated

from cyclopts import Parameter

from engine.cli.options import DEFAULTS, Options


def serve(
    file: Annotated[str | None, Parameter(name="FILE", allow_leading_hyphen=True)] = None,
    /,
    *,
    metrics_port: Annotated[int | None, Parameter(help="Answer /metrics on this port of the loopback.")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Run the engine by the clock.

    Args:
        file: follow a file.
    """
