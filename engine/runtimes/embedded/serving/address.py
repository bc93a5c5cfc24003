"""The socket in the data directory: made by the process that owns the directory, found by the others.

Its mode is 0600, in a directory of mode 0700, so only the user of the service comes in. What is left of it after a kill answers nobody,
and the next service makes it anew. The name of a socket may have 107 bytes; a directory with a longer one is named by a descriptor.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SOCKET_NAME: Final = "socket"
NAME_BYTES_MAX: Final = 107
BACKLOG: Final = 128
_MODE: Final = 0o600
_NOBODY: Final = (FileNotFoundError, ConnectionRefusedError, NotADirectoryError)


def listening(data_dir: Path) -> socket.socket:
    """Make the socket of a directory that this process owns. Connections wait in it from now on."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), _MODE)  # before it has a name: nobody can come in in between
        (data_dir / SOCKET_NAME).unlink(missing_ok=True)
        with _address(data_dir) as address:
            listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def remove(data_dir: Path) -> None:
    """Take the socket away, so that nobody tries it in vain."""
    (data_dir / SOCKET_NAME).unlink(missing_ok=True)


def connected(data_dir: Path) -> socket.socket | None:
    """Connect to the service of a directory. Returns None where there is none."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(data_dir) as address:
            link.connect(address)
    except _NOBODY:
        link.close()
        return None
    except BaseException:
        link.close()
        raise
    return link


@contextmanager
def _address(data_dir: Path) -> Iterator[str]:
    address = str(data_dir / SOCKET_NAME)
    if len(os.fsencode(address)) <= NAME_BYTES_MAX:
        yield address
        return
    directory = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET_NAME}"
    finally:
        os.close(directory)
