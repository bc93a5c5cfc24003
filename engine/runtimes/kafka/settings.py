"""Where the brokers are and how to reach them: BOTHWAYS_KAFKA_*, read once at start.

Secrets come from files, so that no environment listing shows them. An unknown BOTHWAYS_KAFKA_* name stops the start.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine.errors import InvalidSettings

KAFKA_PREFIX: Final = "BOTHWAYS_KAFKA_"
_ADDRESS: Final = re.compile(r"[^\s,/]+:[0-9]{1,5}")


class KafkaSettings(BaseModel):
    """One installation's Kafka settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    brokers: str = "127.0.0.1:9092"
    """Addresses, `host:port`, separated by commas."""
    app: str = Field(default="bothways", pattern=r"[a-z0-9][a-z0-9-]{0,39}")
    """Name of the consumer group and of every transaction; two installations on one cluster differ in it."""
    prefix: str = Field(default="", pattern=r"[A-Za-z0-9._-]{0,60}")
    """Comes before every topic's name."""
    partitions: int = Field(default=8, ge=1, le=1_000)
    """Partitions of the inboxes and changelogs; fixed for the life of an installation."""
    replication: int = Field(default=3, ge=1, le=9)
    commit_seconds: float = Field(default=0.1, gt=0, le=10)
    """How long a task gathers at most before it commits; one that has nothing more to fold commits sooner."""
    commit_records_max: int = Field(default=2_000, ge=1, le=50_000)
    timeout_seconds: float = Field(default=20.0, ge=2, le=300)
    """A step with the broker that takes longer ends the worker; a restart recovers."""
    session_seconds: float = Field(default=10.0, ge=3, le=300)
    """How long the group waits for a silent worker."""
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    sasl: Literal["plain", "scram-sha-256", "scram-sha-512"] = "scram-sha-512"
    username: str | None = None
    password_file: Path | None = None

    @field_validator("brokers")
    @classmethod
    def _are_addresses(cls, brokers: str) -> str:
        """Refuse what the client libraries would look for in vain, or stumble over."""
        if not all(_ADDRESS.fullmatch(address.strip()) for address in brokers.split(",")):
            raise ValueError("must be addresses (host:port), separated by commas")
        return brokers

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.security.startswith("sasl") and (self.username is None or self.password_file is None):
            raise ValueError("asks for credentials: set BOTHWAYS_KAFKA_USERNAME and BOTHWAYS_KAFKA_PASSWORD_FILE")
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("needs certificate_file and key_file together")
        return self

    def topic(self, name: str) -> str:
        """Return a topic's name on this cluster."""
        return self.prefix + name

    def password(self) -> str | None:
        """Read the password.

        Raises:
            InvalidSettings: the file can't be read or is empty; the process stops.
        """
        if self.password_file is None:
            return None
        try:
            password = self.password_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSettings(name=f"{KAFKA_PREFIX}PASSWORD_FILE", reason=f"{self.password_file} can't be read") from error
        if not password:
            raise InvalidSettings(name=f"{KAFKA_PREFIX}PASSWORD_FILE", reason=f"{self.password_file} is empty")
        return password


def kafka_settings_from(environment: Mapping[str, str]) -> KafkaSettings:
    """Build the settings from environment variables.

    Raises:
        InvalidSettings: a name is unknown or a value unusable; the message names the first one and never shows a value.
    """
    given: dict[str, Any] = {}
    for name in sorted(environment):
        if not name.startswith(KAFKA_PREFIX):
            continue
        field = name.removeprefix(KAFKA_PREFIX).lower()
        if field not in KafkaSettings.model_fields:
            known = ", ".join(KAFKA_PREFIX + known.upper() for known in KafkaSettings.model_fields)
            raise InvalidSettings(name=name, reason=f"there is no such setting; known are {known}")
        if environment[name]:
            given[field] = environment[name]
    try:
        return KafkaSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "security"
        text = first["msg"].removeprefix("Value error, ")
        raise InvalidSettings(name=KAFKA_PREFIX + field.upper(), reason=text[:1].lower() + text[1:]) from error
