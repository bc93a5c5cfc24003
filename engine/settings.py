"""Deployment settings: where the engine runs, never what it decides.

Read once, at start, from variables named BOTHWAYS_*. Whatever changes a pairing or a nudge is policy and comes as an event; a setting
may differ between two machines that replay the same log. An unknown BOTHWAYS_* name stops the start: a misspelt setting that is
silently ignored is found in production.

The environment is an argument, not something this module reaches for; that is why a plain model does and no settings library is needed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from engine.errors import InvalidSettings

PREFIX: Final = "BOTHWAYS_"
TESTS_PREFIX: Final = "BOTHWAYS_REQUIRE_"
"""Names for the tests alone (`BOTHWAYS_REQUIRE_KAFKA=1`: a missing broker fails instead of skipping)."""
KAFKA_PREFIX: Final = "BOTHWAYS_KAFKA_"
"""Names that the Kafka runtime reads and checks by itself."""


class Settings(BaseModel):
    """One installation's settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    data: Path = Path("bothways-data")
    """The data directory of the embedded engine."""
    salt: SecretStr | None = None
    """Salt of the hashes that stand for erased and audited people; drawn when the data directory is made if absent."""
    salt_file: Path | None = None
    """A file that holds the salt instead, so that it need not be in the environment."""
    source: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")
    """What this installation calls itself: the `source` of what it publishes and part of every id, so that two never collide."""
    commit_events_max: int = Field(default=500, ge=1, le=10_000)
    """How many inputs may share one commit."""
    commit_seconds_max: float = Field(default=0.05, ge=0, le=5)
    """How long an input of `serve` may wait for those behind it to share its commit, in seconds."""
    time: Literal["wall", "data"] = "wall"
    """Which clock stamps the inputs of a Kafka worker; in data time a driver appends the ticks."""
    http_requests_per_second: float = Field(default=500, gt=0, le=100_000)
    """How many requests one token, or all without one, may send for ever; twice as many at once."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @model_validator(mode="after")
    def _one_salt(self) -> Self:
        if self.salt is not None and self.salt_file is not None:
            raise ValueError("is set besides salt_file; keep one of them")
        return self

    def salt_bytes(self) -> bytes | None:
        """Return the salt that was set, or None where the data directory's own is to be used.

        Raises:
            InvalidSettings: the salt file can't be read or is empty; the process stops.
        """
        if self.salt_file is None:
            return self.salt.get_secret_value().encode() if self.salt else None
        try:
            salt = self.salt_file.read_bytes().strip()
        except OSError as error:
            raise InvalidSettings(name=f"{PREFIX}SALT_FILE", reason=f"{self.salt_file} can't be read ({error.strerror})") from error
        if not salt:
            raise InvalidSettings(name=f"{PREFIX}SALT_FILE", reason=f"{self.salt_file} is empty")
        return salt


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Build the settings from environment variables.

    Args:
        environment: usually `os.environ`; handed over by the command, so that nothing below reads it.
    Raises:
        InvalidSettings: a name is unknown or a value unusable; the message names the first one and never shows a value.
    """
    given: dict[str, Any] = {}
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name.startswith((TESTS_PREFIX, KAFKA_PREFIX)):
            continue
        field = name.removeprefix(PREFIX).lower()
        if field not in Settings.model_fields:
            raise InvalidSettings(name=name, reason=f"there is no such setting; known are {_known_names()}")
        if environment[name]:
            given[field] = environment[name]
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "salt"
        raise InvalidSettings(name=PREFIX + field.upper(), reason=_plain(first["msg"])) from error


def _known_names() -> str:
    return ", ".join(PREFIX + field.upper() for field in Settings.model_fields)


def _plain(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
