"""A broker as one would run it in earnest: TLS, passwords, and nobody may do what was not allowed.

Clients come over SASL_SSL with SCRAM-SHA-512, the controller's own traffic over SASL_SSL with PLAIN, so nothing on any port is let in
without a name. Certificates and passwords are made at the start and go with the directory. Only the administrator may do everything;
the rights of others are those that `bothways topics plan --acls --json` prints, given to them by `allow`.
"""

import secrets
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from engine.runtimes.kafka.broker.connection import admin_options
from engine.runtimes.kafka.settings import KafkaSettings
from ops.kafka.broker import SETTINGS, Broker

ADMIN: Final = "admin"
PATTERNS: Final = {"literal": "LITERAL", "prefixed": "PREFIXED"}
RESOURCES: Final = {"Topic": "TOPIC", "Group": "GROUP", "TransactionalId": "TRANSACTIONAL_ID", "Cluster": "CLUSTER"}
KEYTOOL_SECONDS_MAX: Final = 60

_PLACES: Final = frozenset({"listeners", "advertised.listeners", "inter.broker.listener.name", "listener.security.protocol.map"})
"""What the plain settings say about listeners; said anew below."""
SECURED: Final = """\
listeners=SECURED://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=SECURED://{host}:{port}
inter.broker.listener.name=SECURED
listener.security.protocol.map=SECURED:SASL_SSL,CONTROLLER:SASL_SSL
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=PLAIN
listener.name.secured.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secured.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username="@admin@" password="@password@";
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="@admin@" password="@password@" user_@admin@="@password@";
ssl.keystore.type=PKCS12
ssl.keystore.location=@keys@
ssl.keystore.password=@keys_password@
ssl.truststore.type=PEM
ssl.truststore.location=@ca@
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:@admin@
allow.everyone.if.no.acl.found=false
"""


class Authority:
    """A certificate authority in a directory of its own, with one certificate for this machine's loopback address."""

    def __init__(self, directory: Path) -> None:
        self.password = secrets.token_hex(16)
        self.keys = directory / "broker.p12"
        self.ca_file = directory / "ca.pem"
        directory.mkdir(parents=True, exist_ok=True)
        ca = ("-alias", "ca", "-dname", "CN=Bothways test authority", "-ext", "bc:critical=ca:true", "-ext", "ku:critical=keyCertSign")
        own = ("-alias", "broker", "-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1,dns:localhost", "-signer", "ca")
        made = ("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "7")
        self._keytool("-genkeypair", *ca, *made)
        self._keytool("-genkeypair", *own, *made)
        self._keytool("-exportcert", "-rfc", "-alias", "ca", "-file", str(self.ca_file))
        self._keytool("-delete", "-alias", "ca")

    def _keytool(self, *arguments: str) -> None:
        command = [
            "keytool",
            *arguments,
            "-keystore",
            str(self.keys),
            "-storetype",
            "PKCS12",
            "-storepass:file",
            str(self._password_file()),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=KEYTOOL_SECONDS_MAX, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"keytool {arguments[0]} failed: {(done.stdout + done.stderr).strip().splitlines()[:1]}")

    def _password_file(self) -> Path:
        file = self.keys.with_name("keys.password")
        if not file.exists():
            file.touch(0o600)
            file.write_text(self.password)
        return file


class SecuredBroker(Broker):
    """A broker that knows its users, an administrator and those that are named."""

    def __init__(self, directory: Path, *users: str, port: int | None = None, heap: str = "512m") -> None:
        super().__init__(directory, port=port, heap=heap)
        self.authority = Authority(directory / "authority")
        self._passwords = {user: secrets.token_urlsafe(18) for user in (ADMIN, *users)}

    def settings(self, user: str, **more: Any) -> KafkaSettings:
        """Return the settings of a client that comes as this user; its password stands in a file."""
        file = self.directory / f"{user}.password"
        if not file.exists():
            file.touch(0o600)
            file.write_text(f"{self._passwords[user]}\n")
        own = {"brokers": self.address, "security": "sasl_ssl", "sasl": "scram-sha-512", "ca_file": self.authority.ca_file}
        return KafkaSettings.model_validate({**own, "username": user, "password_file": file, **more})

    def _settings(self) -> str:
        plain = (line for line in SETTINGS.splitlines() if line.partition("=")[0] not in _PLACES)
        own = SECURED
        for name, value in {
            "admin": ADMIN,
            "password": self._passwords[ADMIN],
            "keys": self.authority.keys,
            "keys_password": self.authority.password,
            "ca": self.authority.ca_file,
        }.items():
            own = own.replace(f"@{name}@", str(value))
        return "\n".join((*plain, own))

    def _format_arguments(self) -> tuple[str, ...]:
        users = (("--add-scram", f"SCRAM-SHA-512=[name={user},password={word}]") for user, word in self._passwords.items())
        return tuple(argument for pair in users for argument in pair)


def allow(admin: KafkaSettings, user: str, rights: Iterable[Mapping[str, Any]]) -> None:
    """Give a user rights.

    Args:
        admin: settings of somebody who may.
        rights: lines of `bothways topics plan --acls --json`.
    """
    _change(admin, user, rights, is_given=True)


def forbid(admin: KafkaSettings, user: str, rights: Iterable[Mapping[str, Any]]) -> None:
    """Take rights away that were given before."""
    _change(admin, user, rights, is_given=False)


def _change(admin: KafkaSettings, user: str, rights: Iterable[Mapping[str, Any]], *, is_given: bool) -> None:
    from kafka.admin import (
        ACL,
        ACLFilter,
        ACLOperation,
        ACLPermissionType,
        ACLResourcePatternType,
        KafkaAdminClient,
        ResourcePattern,
        ResourceType,
    )

    found = []
    for right in rights:
        kind, pattern = ResourceType[RESOURCES[right["resource"]]], ACLResourcePatternType[PATTERNS[right["pattern"]]]
        place = ResourcePattern(kind, right["name"], pattern)
        for operation in right["operations"]:
            words = "".join(f"_{letter}" if letter.isupper() else letter for letter in operation).lstrip("_").upper()
            made = ACL if is_given else ACLFilter
            found.append(made(f"User:{user}", "*", ACLOperation[words], ACLPermissionType.ALLOW, place))
    client = KafkaAdminClient(**admin_options(admin))
    try:
        answer = client.create_acls(found) if is_given else client.delete_acls(found)
    finally:
        client.close()
    if is_given and answer["failed"]:
        raise RuntimeError(f"the broker did not take {answer['failed'][0]}")
