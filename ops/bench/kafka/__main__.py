"""`python -m ops.bench.kafka shell|engine|scaling|beside`: measure on a broker of this run's own."""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from ops.kafka.broker import Broker


def main(arguments: list[str]) -> int:
    """Run one benchmark. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ops.bench.kafka")
    parser.add_argument("what", choices=("shell", "engine", "scaling", "beside"))
    parser.add_argument("names", nargs="*", help="which shells")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual load")
    parser.add_argument("--shell", choices=("thin", "faust"), default="thin")
    given = parser.parse_args(arguments)
    for name in ("aiokafka", "kafka"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="bothways-bench.", ignore_cleanup_errors=True) as directory:
        broker = Broker(Path(directory), heap="1g")
        broker.start()
        try:
            if given.what == "shell":
                from ops.bench.kafka import shell

                shell.main(broker.address, given.names, given.scale)
            elif given.what == "beside":
                from ops.bench.kafka import round_beside

                round_beside.main(broker.address, given.shell, given.scale)
            else:
                from ops.bench.kafka.engine import main as measure_engine

                measure_engine(broker.address, given.what, given.shell, given.scale)
        finally:
            broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
