"""`bothways report`: how the programmes go, as one HTML file that needs nothing else."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from engine.cli.exits import Refused
from engine.cli.options import DEFAULTS, Options, copied_to_look
from engine.cli.output import plain, print_json

if TYPE_CHECKING:
    from engine.report.reading import ReportPage

REPORT_NAME = "report.html"


def report(
    *,
    out: Annotated[Path | None, Parameter(help="Where to write it.  [default: report.html in the data directory]")] = None,
    programme: Annotated[str | None, Parameter(help="Only this programme; all of them otherwise.")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Write the report of the programmes as one self-contained HTML file, and print its path."""
    page, file = write_report(options, out, programme)
    if options.json:
        programmes = [
            {
                "programme_id": one.programme_id,
                "policy_version": one.policy_version,
                "k": one.k,
                "metrics": dict(one.metrics),
                "as_of_by_metric": {name: plain(at) for name, at in one.as_of_by_metric.items()},
            }
            for one in page.programmes
        ]
        print_json({"file": str(file), "as_of": plain(page.as_of), "programmes": programmes})
    else:
        print(file)


def write_report(options: Options, out: Path | None = None, programme_id: str | None = None) -> "tuple[ReportPage, Path]":
    """Write the report of a data directory. Returns what it says, and the file.

    Raises:
        Refused: there is no data, nothing has happened yet, no such programme, or the file can't be written.
    """
    from engine.report.reading import report_page
    from engine.report.rendering import rendered

    with copied_to_look(options) as look:
        page = report_page(look, programme_id)
    if page is None:
        raise Refused("nothing has happened yet that a report could be about; start with `bothways ingest`")
    if programme_id is not None and not page.programmes:
        raise Refused(f"there is no programme {programme_id}")
    file = out if out is not None else options.directory() / REPORT_NAME
    try:
        file.write_text(rendered(page), encoding="utf-8")
    except OSError as error:
        raise Refused(f"{file} can't be written: {error.strerror}") from error
    return page, file.resolve()
