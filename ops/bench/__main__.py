"""`python -m ops.bench embedded`; without a name it runs every benchmark there is."""

import sys

from ops.bench.embedded.command import app

if __name__ == "__main__":
    arguments = sys.argv[1:]
    app(arguments[1:] if arguments[:1] == ["embedded"] else arguments)
