"""How clients reach the cluster: addresses, TLS and SASL, in the words of the two client libraries.

Either library tries for long where a broker refuses it, and then says no more than that time was up. So whoever begins knocks first: one
connection, which tells a wrong password or a certificate that nobody vouches for from a broker that is not there.
"""

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import IllegalSaslStateError, KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from engine.errors import BrokerUnavailable, EngineError, FatalError, InvalidSettings
from engine.runtimes.kafka.broker.rights import refusal_of_broker
from engine.runtimes.kafka.settings import KAFKA_PREFIX, KafkaSettings

RECORD_BYTES_MAX = 8 * 1024 * 1024
"""Largest record that the engine writes; topics are made to take it."""
KNOCK_SECONDS_MAX: Final = 8.0
"""For all addresses together: a port that takes a connection and says nothing would hold a handshake for a minute."""


@dataclass(kw_only=True, eq=False)
class NotAdmitted(FatalError):
    """The broker does not let this client in, or the client does not trust the broker. The command stops; trying again changes nothing."""

    broker: str
    reason: str
    names: str
    template = "No connection to the broker {broker}: {reason}. Correct {names}, then try again."


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every aiokafka client is built with.

    Raises:
        InvalidSettings: a certificate or the password can't be read; the process stops.
    """
    options: dict[str, Any] = {"bootstrap_servers": settings.brokers, "security_protocol": settings.security.upper()}
    if settings.security in {"ssl", "sasl_ssl"}:
        options["ssl_context"] = _ssl_context(settings)
    if settings.security.startswith("sasl"):
        options["sasl_mechanism"] = settings.sasl.upper()
        options["sasl_plain_username"] = settings.username
        options["sasl_plain_password"] = settings.password()
    return options


def admin_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every kafka-python client is built with."""
    options = client_options(settings)
    options["bootstrap_servers"] = settings.brokers.split(",")
    return options


def knock(settings: KafkaSettings) -> None:
    """Try one connection where there is anything to refuse it for.

    Raises:
        InvalidSettings: a certificate or the password can't be read.
        NotAdmitted: the password or the certificate is wrong.
        BrokerUnavailable: no address answers.
    """
    options = client_options(settings)
    if settings.security == "plaintext":
        return
    with ThreadPoolExecutor(1) as own_loop:  # a caller may have a loop of its own
        try:
            own_loop.submit(asyncio.run, _answered(settings, options)).result()
        except (OSError, TimeoutError) as error:
            raise unavailable(settings, error) from error


async def _answered(settings: KafkaSettings, options: dict[str, Any]) -> None:
    async with asyncio.timeout(KNOCK_SECONDS_MAX):
        for address in str(options.pop("bootstrap_servers")).split(","):
            if await _knock(settings, address, options):
                return
    raise ConnectionError


async def _knock(settings: KafkaSettings, address: str, options: dict[str, Any]) -> bool:
    host, _, port = address.strip().rpartition(":")
    try:
        connection = await create_conn(host, int(port), **options, request_timeout_ms=int(KNOCK_SECONDS_MAX * 1000))
    except SaslAuthenticationFailed as error:
        names = f"{KAFKA_PREFIX}USERNAME or {KAFKA_PREFIX}PASSWORD_FILE"
        raise NotAdmitted(broker=address, reason="it refuses the user or the password", names=names) from error
    except (UnsupportedSaslMechanismError, IllegalSaslStateError) as error:
        raise NotAdmitted(broker=address, reason=f"it does not take {settings.sasl}", names=f"{KAFKA_PREFIX}SASL") from error
    except ssl.SSLCertVerificationError as error:
        reason = f"its certificate is not trusted ({error.verify_message})"
        raise NotAdmitted(broker=address, reason=reason, names=f"{KAFKA_PREFIX}CA_FILE") from error
    except ssl.SSLError as error:
        raise NotAdmitted(broker=address, reason="it does not speak TLS as asked", names=f"{KAFKA_PREFIX}SECURITY") from error
    except (KafkaError, OSError, TimeoutError):
        return False  # the next one may answer
    connection.close()
    return True


def unavailable(settings: KafkaSettings, error: KafkaError | OSError | TimeoutError) -> EngineError:
    """Say in one line that nobody answers, or what the answer refuses."""
    return refusal_of_broker(settings, error) or BrokerUnavailable(broker=settings.brokers, reason=type(error).__name__)


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file is not None:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        raise InvalidSettings(name=f"{KAFKA_PREFIX}CA_FILE", reason="a certificate or key can't be read") from error
    return context
