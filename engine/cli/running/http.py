"""HTTP beside `serve`: where it listens, and `bothways token`, which says who may ask."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from engine.cli.exits import Misused, Refused
from engine.cli.options import DEFAULTS, Options, existing, instant_typed
from engine.cli.output import plain, print_json, print_table
from schemas.terms.http import Role

if TYPE_CHECKING:
    from engine.settings import Settings
    from engine.web.guarding.tokens import TokenFile
    from engine.web.server import WebServer

token_app: Final = App(name="token", help="Tokens of HTTP: who may ask, and what.")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Where `serve` answers HTTP."""

    host: Annotated[str, Parameter(help="Address of HTTP. Any but loopback needs tokens, and TLS or a proxy.")] = "127.0.0.1"
    port: Annotated[int, Parameter(help="Port of HTTP; 0 draws one.")] = 8321
    http: Annotated[bool, Parameter(negative="--no-http", help="Whether to answer HTTP at all.")] = True
    tls_cert: Annotated[Path | None, Parameter(help="Certificate chain, PEM.")] = None
    tls_key: Annotated[Path | None, Parameter(help="Its private key, PEM.")] = None
    behind_proxy: Annotated[bool, Parameter(negative="", show_default=False, help="A proxy in front does TLS and the host's name.")] = False


NO_HTTP: Final = HttpOptions()


def listening_in(stack: ExitStack, http: HttpOptions, data_dir: Path, settings: "Settings") -> "WebServer | None":
    """Take the address of HTTP until the stack is left. Returns None where HTTP isn't wanted.

    Raises:
        Refused: the address can't be had, or not without protection.
    """
    if not http.http:
        return None
    from engine.web.server import Listening, WebServer

    listening = Listening(
        host=http.host,
        port=http.port,
        tls_cert=http.tls_cert,
        tls_key=http.tls_key,
        is_behind_proxy=http.behind_proxy,
        requests_per_second=settings.http_requests_per_second,
    )
    return stack.enter_context(WebServer(listening, data_dir))


@token_app.command
def create(
    *,
    role: Annotated[list[Role], Parameter(help="What it may do; several times for several roles. None includes another.")],
    name: Annotated[str | None, Parameter(help="What it is for, to recognise it by.")] = None,
    expires: Annotated[str | None, Parameter(help="When it ends: an instant, or a day for its midnight UTC.")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Make a token and print it, this once. From the first one on, every request needs one."""
    expires_at = None if expires is None else instant_typed(expires, "--expires")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Misused(f"--expires {expires} is over already")
    if name is not None and not (name.isprintable() and len(name) <= 100):
        raise Misused("--name: at most 100 printable characters")
    tokens = _tokens(options)
    token, text = tokens.create(role, name=name, expires_at=expires_at)
    if options.json:
        print_json({"id": token.id, "token": text, "roles": token.roles, "expires_at": plain(token.expires_at)})
    else:
        print(text)


@token_app.command(name="list")
def list_tokens(*, options: Options = DEFAULTS) -> None:
    """List the tokens. What they are is known to nobody but their holders."""
    now = datetime.now(UTC)
    found = [
        {
            "id": one.id,
            "name": one.name,
            "roles": list(one.roles),
            "state": one.state(now),
            "created_at": plain(one.created_at),
            "expires_at": plain(one.expires_at),
        }
        for one in _tokens(options).all()
    ]
    if options.json:
        print_json({"tokens": found})
    elif not found:
        print("no tokens: only loopback is served, and everybody there may do everything")
    else:
        columns = ("id", "name", "roles", "state", "created_at", "expires_at")
        print_table(columns, ([", ".join(one["roles"]) if column == "roles" else one[column] for column in columns] for one in found))


@token_app.command
def revoke(id_: str, /, *, options: Options = DEFAULTS) -> None:
    """Let a token hold no longer, from the next request on.

    Args:
        id_: as `token list` shows it.
    """
    if not _tokens(options).revoke(id_):
        raise Refused(f"there is no token {id_}; see `bothways token list`")
    if options.json:
        print_json({"revoked": id_})
    else:
        print(f"revoked {id_}")


def _tokens(options: Options) -> "TokenFile":
    from engine.web.guarding.tokens import TokenFile, UnreadableTokens

    tokens = TokenFile(existing(options))
    try:
        tokens.all()
    except UnreadableTokens as error:
        raise Refused(f"{tokens.path} can't be read; mend or remove it: until then nobody gets in") from error
    return tokens
