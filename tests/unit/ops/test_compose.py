"""The compose file, checked without containers: it loads, its images are pinned, its files exist, its broker is the one of the tests."""

import re
from pathlib import Path
from typing import Any, Final

import yaml

from engine.runtimes.kafka.settings import KAFKA_PREFIX, kafka_settings_from
from engine.settings import settings_from

ROOT: Final = Path(__file__).parent.parent.parent.parent
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]


def test_every_image_is_pinned() -> None:
    """An image has a version, so that what ran yesterday runs tomorrow."""
    images = {name: service["image"] for name, service in SERVICES.items()}

    assert {} == {name: image for name, image in images.items() if not re.search(r":v?\d+\.\d+\.\d+$", image)}


def test_every_file_that_is_named_exists() -> None:
    """What is mounted or built from is in the repository."""
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ()) if volume.startswith("./")]
    built = [service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service]
    kept = [re.sub(r"\$\{\w+:-(.*)\}", r"\1", secret["file"]) for secret in COMPOSE["secrets"].values()]

    assert all((mounted, built, kept))
    assert [] == [name for name in (*mounted, *built, *kept) if not (ROOT / name).is_file()]


def test_broker_has_the_settings_of_the_tests() -> None:
    """The broker of the compose file differs from the tests' in addresses and storage alone."""
    from ops.kafka.broker import SETTINGS

    own = dict(line.split("=", 1) for line in SETTINGS.splitlines())
    composed = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in SERVICES["broker"]["environment"].items()
        if "LISTENERS" not in name and "VOTERS" not in name
    }
    places = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}

    assert {name: value for name, value in own.items() if name not in places} == composed


def test_workers_have_settings_that_are_known() -> None:
    """What the workers are given passes the same check as in a worker."""
    environment = SERVICES["worker-1"]["environment"]

    settings_from({name: value for name, value in environment.items() if not name.startswith(KAFKA_PREFIX)})
    assert 4 == kafka_settings_from(environment).partitions


def test_only_loopback_is_published() -> None:
    """Nothing answers from outside of this machine."""
    assert {"127.0.0.1"} == {port.split(":")[0] for service in SERVICES.values() for port in service.get("ports", ())}


def test_image_takes_sources_alone() -> None:
    """What is built from is named, and everything else stays out of the image: data directories, environments, the repository's history."""
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]
    named = [line.removeprefix("!") for line in lines if line.startswith("!")]

    assert "*" == lines[0]
    assert {"engine", "schemas", "ops", "requirements"} == set(named)
    assert all((ROOT / name).is_dir() for name in named)
