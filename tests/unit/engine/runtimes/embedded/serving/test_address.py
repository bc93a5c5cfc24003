"""Rules of the socket's place (engine/runtimes/embedded/serving/address.py)."""

import stat
from pathlib import Path

import pytest

from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.serving.address import NAME_BYTES_MAX, SOCKET_NAME, connected, listening


def test_nobody_else_comes_in(tmp_path: Path) -> None:
    """Mode 0600 from its first instant."""
    with listening(tmp_path):
        assert 0o600 == stat.S_IMODE((tmp_path / SOCKET_NAME).stat().st_mode)


@pytest.mark.parametrize("length", [NAME_BYTES_MAX - 7, NAME_BYTES_MAX, 3 * NAME_BYTES_MAX])
def test_a_directory_with_a_long_name_has_one_too(tmp_path: Path, length: int) -> None:
    """Whatever an address may hold; and no directory gets other rights for it."""
    data_dir = tmp_path
    while (missing := length - len(str(data_dir)) - 1) > 0:
        data_dir /= "d" * min(missing, 100)
    data_dir.mkdir(mode=0o700, parents=True)

    with listening(data_dir) as listener:
        link = connected(data_dir)
        assert link is not None
        link.sendall(b"here")
        accepted, _ = listener.accept()
        assert b"here" == accepted.recv(4)
        accepted.close()
        link.close()
    assert [SOCKET_NAME] == [path.name for path in data_dir.iterdir()]
    assert 0o700 == stat.S_IMODE(data_dir.stat().st_mode)


def test_what_a_kill_leaves_answers_nobody_and_is_made_anew(tmp_path: Path) -> None:
    """The name stays without its process; whoever owns the directory next takes it over."""
    listening(tmp_path).close()
    assert connected(tmp_path) is None

    with listening(tmp_path):
        link = connected(tmp_path)
        assert link is not None
        link.close()


def test_a_directory_without_a_service_answers_nobody(tmp_path: Path) -> None:
    """No directory, no socket: no service."""
    assert connected(tmp_path) is None
    assert connected(tmp_path / "nowhere") is None


def test_it_comes_and_goes_with_the_writer_that_is_a_service(tmp_path: Path) -> None:
    """Whoever may connect finds the owner of the directory at the other end; an ordinary writer has none."""
    database = Database(tmp_path, is_served=True)
    link = connected(tmp_path)
    assert link is not None
    link.close()
    database.close()
    assert not (tmp_path / SOCKET_NAME).exists()

    ordinary = Database(tmp_path)
    assert connected(tmp_path) is None
    ordinary.close()
