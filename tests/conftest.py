"""What holds for every test: no way out to the network, and the depth of the property tests."""

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, settings

from tests.depth import deep

if TYPE_CHECKING:
    from xdist.remote import Producer

    from tests.sharing import Sharing

INTEGRATION: Final = Path(__file__).parent / "integration"

# A shared machine may stall any example, so time is bounded per test (pytest-timeout), not per example.
settings.register_profile("default", deadline=None, max_examples=deep(50), print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "Sharing":
    """Share the tests out among the processes of `-n` (tests/sharing.py)."""
    from tests.sharing import Sharing

    return Sharing(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a process of `-n` begin with what takes longest; a process on its own keeps the random order."""
    if hasattr(config, "workerinput"):
        from tests.sharing import rank_of, share_of

        items.sort(key=lambda item: rank_of(share_of(item.nodeid)))


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket never leaves the machine
    host = str(address[0])
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _no_way_out(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse outgoing connections, loopback aside: a test that needs the network would pass on one machine only."""
    if request.path.is_relative_to(INTEGRATION):
        yield
        return

    def guarded(original: Any) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if not _is_loopback(address):
                pytest.fail(f"the test tried to reach {address}")
            return original(self, address)

        return connect

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
    yield
