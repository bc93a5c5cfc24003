"""The command line: everything that an operator does with an engine on this machine.

One module per family of commands; `app` puts them together and turns whatever goes wrong into one line and an exit code. A command
imports what it needs when it runs, so that `--help` doesn't wait for the engine.
"""

import gc
import os
import sys


def main() -> int:
    """Run the command that this process was started with. Returns its exit code.

    Start-up makes many objects and hardly any garbage, so the collector stays off until a command has its engine (`options.opened`); and
    at the end everything goes with the process, uncollected. Together that is a fifth of the time of a short command. Pydantic's search
    for plugins among the installed packages is skipped: there are none of ours.
    """
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from engine.cli.app import run

    code = run(sys.argv[1:])
    gc.freeze()
    return code
