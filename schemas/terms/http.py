"""HTTP: its addresses, the roles of tokens, and the codes of problems. The only place where one is spelt."""

from enum import StrEnum


class Role(StrEnum):
    """What a token may do. No role includes another; a token may hold several."""

    INGEST = "ingest"
    """Send events."""
    READ = "read"
    """Read what is published, and figures."""
    OPERATE = "operate"
    """Give commands, and look at what was refused."""
    ERASE = "erase"
    """Have a person erased."""


class RoutePath(StrEnum):
    """The addresses. Values are metric labels."""

    EVENTS = "/v1/events"
    PAIRING = "/v1/pairings/{pairing_id}"
    WHY = "/v1/pairings/{pairing_id}/why"
    PROGRAMME = "/v1/programmes/{programme_id}"
    PERSON = "/v1/people/{person_id}"
    TOPIC = "/v1/topics/{topic}"
    SCHEMAS = "/v1/schemas"
    SCHEMA = "/v1/schemas/{name}/{version}"
    OPENAPI = "/openapi.json"
    METRICS = "/metrics"
    HEALTH = "/healthz"
    READY = "/readyz"


class ProblemCode(StrEnum):
    """Why a request was not done. Values are metric labels."""

    BODY_MALFORMED = "body_malformed"
    HEADER_INVALID = "header_invalid"
    REQUEST_MALFORMED = "request_malformed"
    PARAMETER_INVALID = "parameter_invalid"
    TOKEN_MISSING = "token_missing"
    TOKEN_INVALID = "token_invalid"
    TOKEN_EXPIRED = "token_expired"
    ROLE_MISSING = "role_missing"
    ORIGIN_REFUSED = "origin_refused"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_SLOW = "too_slow"
    POSITION_GONE = "position_gone"
    TOO_LARGE = "too_large"
    TYPE_UNSUPPORTED = "type_unsupported"
    ENCODING_UNSUPPORTED = "encoding_unsupported"
    HOST_REFUSED = "host_refused"
    EVENT_REFUSED = "event_refused"
    TOO_MANY_REQUESTS = "too_many_requests"
    BUSY = "busy"
    INTERNAL_ERROR = "internal_error"
    NOT_READY = "not_ready"
    STOPPING = "stopping"
    CONNECTIONS_FULL = "connections_full"
    ANSWER_UNKNOWN = "answer_unknown"
