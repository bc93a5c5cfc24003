"""The page as one HTML file: no script, no network, no font or picture from anywhere else."""

from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from engine.report import words
from engine.report.findings import Extent, Finding
from engine.report.reading import ReportPage
from engine.report.sections import figures, metric_rows, sections
from schemas.terms.codes import ErrorCode
from schemas.text.fields import instant_text

REPORT_DATA_USED: Final = (
    "programmes and their policies, participants' enrolments (offers, wants, years in work), pairs with their sessions and answers, "
    "counts of nudges and of what people did after them, published rounds and nudges, HR facts in force, and refused records"
)


def rendered(report: ReportPage) -> str:
    """Render the page. The same report gives the same bytes."""
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            as_of=instant_text(report.as_of),
            programmes=[(page, figures(page), sections(page), metric_rows(page)) for page in report.programmes],
            findings=[(*words.FINDINGS[found.code], _extent(found, report.feed.k)) for found in report.feed.findings],
            dead_letters=[(*_letter(found.code), _records(found, report.feed.k)) for found in report.feed.dead_letters],
            data_used=REPORT_DATA_USED,
            words=words,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("engine.report"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = Markup  # our own SVG, whose texts are escaped where it is drawn
    environment.filters["count"] = lambda value: words.written(value, words.Unit.COUNT)
    return environment


def _letter(code: str) -> tuple[str, str]:
    return words.DEAD_LETTERS[ErrorCode(code)] if code in set(ErrorCode) else (code, "Nothing is known about this code.")


def _records(found: Finding, k: int) -> str:
    return f"fewer than {k}" if found.count is None else f"{found.count:,}"


def _extent(found: Finding, k: int) -> str:
    match found.extent:
        case Extent.NONE:
            return "none"
        case Extent.FEW:
            return f"fewer than {k} people"
        case Extent.SOME:
            return "some people, at most half"
        case Extent.MOST:
            return "most people"
        case Extent.NEARLY_ALL:
            return "nearly everybody"
        case Extent.ALL:
            return "everybody"
        case Extent.COUNTED:
            return f"{found.count:,}"
