"""Files to keep: a layer's units and a unit's examples, linked from their pages."""

import csv
import io

import pyarrow.parquet as pq
from fastapi.testclient import TestClient

from tests.web.conftest import LAYER

PLACE = f"/models/small/{LAYER}"


def test_a_layers_units_are_a_file_in_three_formats(client: TestClient) -> None:
    page = client.get(PLACE).text
    for suffix in ("csv", "parquet", "json"):
        assert f'href="{PLACE}/units.{suffix}?corpus=small-corpus"' in page
    answer = client.get(f"{PLACE}/units.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="small-layer4.0-units.json"'
    listed = answer.json()
    assert (listed["model"], listed["layer"], listed["corpus"]) == ("small", LAYER, "small-corpus")
    rows = list(csv.DictReader(io.StringIO(client.get(f"{PLACE}/units.csv?corpus=small-corpus").text)))
    table = pq.read_table(io.BytesIO(client.get(f"{PLACE}/units.parquet").content)).to_pylist()
    assert len(rows) == 256 and table == listed["units"]
    shown = client.get(f"{PLACE}/5.json").json()
    row = listed["units"][5]
    assert (row["unit"], row["label"], row["mean"]) == (5, shown["label"], shown["stats"]["mean"])
    strongest = [int(each["page"].partition("?")[0].rpartition("/")[2]) for each in shown["examples"][:10]]
    assert row["strongest"] == strongest and rows[5]["strongest"].split() == list(map(str, strongest))


def test_a_units_examples_are_a_file(client: TestClient) -> None:
    address = f"{PLACE}/5/examples.csv?corpus=small-corpus"
    assert f'href="{address}"' in client.get(f"{PLACE}/5").text
    answer = client.get(address)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    shown = client.get(f"{PLACE}/5.json").json()
    strongest = [row for row in rows if row["set"] == "strongest"]
    for row, example in zip(strongest, shown["examples"], strict=False):
        assert row["caption"] == example["caption"] and float(row["sd"]) == example["sd"]
        assert example["page"].partition("?")[0].endswith(f"/{row['image']}")


def test_what_is_not_there_is_not_found(client: TestClient) -> None:
    for path in (f"{PLACE}/units.xlsx", "/models/small/layer9.0/units.csv", f"{PLACE}/9999/examples.csv"):
        assert client.get(path).status_code in (404, 422), path
    assert client.get(f"{PLACE}/units.csv?corpus=nowhere").status_code == 404
