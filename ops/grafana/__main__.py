"""`python -m ops.grafana write` makes the files of the dashboards anew; `check` says which differ."""

import sys
from pathlib import Path
from typing import Final

from ops.generated import Generated
from ops.grafana.dashboards import DASHBOARDS
from ops.grafana.panels import page

HERE: Final = Path(__file__).parent / "pages"
FILES: Final = Generated(
    module="ops.grafana", what="dashboards", directory=HERE, names=DASHBOARDS, content=lambda name: page(DASHBOARDS[name])
)

if __name__ == "__main__":
    sys.exit(FILES.main(sys.argv[1:]))
