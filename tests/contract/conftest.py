"""One suite, three runtimes: the fixture `runtime` is each of them in turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.kafka.fixture import NoBroker, shared_broker
from tests.contract.runtimes import EmbeddedRuntime, MemoryRuntime, Runtime


@pytest.fixture(params=["memory", "embedded", pytest.param("kafka", marks=[pytest.mark.integration, pytest.mark.slow])])
def runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    """A fresh installation in data time."""
    if request.param == "memory":
        yield MemoryRuntime()
    elif request.param == "embedded":
        with EmbeddedRuntime(tmp_path) as embedded:
            yield embedded
    else:
        address = shared_broker()
        if isinstance(address, NoBroker):
            pytest.skip(address.reason)
        from tests.contract.kafka_runtime import KafkaRuntime

        with KafkaRuntime(address, tmp_path) as on_kafka:
            yield on_kafka
