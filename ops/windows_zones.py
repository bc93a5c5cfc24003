"""The table of Windows zone names, written from CLDR: `python -m ops.windows_zones write | check`.

CLDR's supplemental data come with Babel, which only this command needs (`pip install babel`): nothing imports it at run time. The zone of
a name is that of the territory `001`, which stands for the whole of it.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ops.generated import Generated

SCHEMAS: Final = Path(__file__).parent.parent / "schemas"
FILE: Final = "windows_zones.py"
HEAD: Final = '''\
"""Windows zone names and the IANA zones that they stand for, by CLDR. Written by `python -m ops.windows_zones write`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

WINDOWS_ZONES: Final[Mapping[str, str]] = MappingProxyType(
    {
'''
TAIL: Final = """\
    }
)
"""


def content(_name: str) -> str:
    """Write the table as a module."""
    return HEAD + "".join(f'        "{name}": "{zone}",\n' for name, zone in sorted(_table().items())) + TAIL


def _table() -> Mapping[str, str]:
    babel: Any = import_module("babel.core")
    table: Mapping[str, str] = babel.get_global("windows_zone_mapping")
    return table


FILES: Final = Generated(module="ops.windows_zones", what="tables of zones", directory=SCHEMAS, names=(FILE,), content=content)

if __name__ == "__main__":
    sys.exit(FILES.main(sys.argv[1:]))
