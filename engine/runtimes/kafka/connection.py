"""How clients reach the cluster: addresses, TLS and SASL, in the words of the two client libraries."""

import ssl
from typing import Any

from aiokafka.errors import KafkaError

from engine.errors import BrokerUnavailable, InvalidSettings
from engine.runtimes.kafka.settings import PREFIX, KafkaSettings

RECORD_BYTES_MAX = 8 * 1024 * 1024
"""Largest record that the engine writes; topics are made to take it."""


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


def unavailable(settings: KafkaSettings, error: KafkaError | OSError | TimeoutError) -> BrokerUnavailable:
    """Say in one line that nobody answers."""
    return BrokerUnavailable(broker=settings.brokers, reason=type(error).__name__)


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file is not None:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        raise InvalidSettings(name=f"{PREFIX}CA_FILE", reason="a certificate or key can't be read") from error
    return context
