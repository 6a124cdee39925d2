"""Run the measurements, print the table, write `bench/results/latest.json`; exit 1 if a goal is missed or a bench could
not measure, which it says in a sentence."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.errors import FacetscopeError
from bench import attacks, causal, company, cost, families, index, labels, load, pages, quality, steering, unit_page
from bench.rows import Bench, Row

BENCHES: dict[str, Bench] = {
    "attacks": attacks.measure,
    "causal": causal.measure,
    "company": company.measure,
    "cost": cost.measure,
    "families": families.measure,
    "index": index.measure,
    "labels": labels.measure,
    "load": load.measure,
    "pages": pages.measure,
    "quality": quality.measure,
    "steering": steering.measure,
    "unit_page": unit_page.measure,
}
RESULTS = Path(__file__).parent / "results" / "latest.json"


def _table(rows: list[Row]) -> Table:
    table = Table("name", "value", "unit", "goal", "ok", "note")
    for row in rows:
        goal = "" if row.goal is None else f"{'at most ' if row.most else ''}{row.goal:g}"
        table.add_row(row.name, f"{row.value:.3g}", row.unit, goal, "yes" if row.ok else "NO", row.note)
    return table


def main(names: list[str]) -> int:
    """Run the named benches, or all; answers the exit code."""
    console = Console(soft_wrap=True)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        console.print(f"There is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}.")
        return 2
    rows, unmeasured = [], False
    for name in names or BENCHES:
        with console.status(name) as status:
            try:
                rows += BENCHES[name](lambda said, status=status, name=name: status.update(f"{name}: {said}"))
            except FacetscopeError as error:
                unmeasured = True
                console.print(f"{name}: {error.detail}", markup=False)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(row) | {"ok": row.ok} for row in rows], indent=1) + "\n")
    console.print(_table(rows))
    return 0 if all(row.ok for row in rows) and not unmeasured else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
