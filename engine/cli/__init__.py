"""The command line: everything that an operator does with an engine on this machine.

One module per family of commands; `app` puts them together and turns whatever goes wrong into one line and an exit code. A command
imports what it needs when it runs, so that `--help` doesn't wait for the engine.
"""

import sys


def main() -> int:
    """Run the command that this process was started with. Returns its exit code."""
    from engine.cli.app import run

    return run(sys.argv[1:])
