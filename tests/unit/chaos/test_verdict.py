import json
import math

from chaos.verdict import Row
from loadtest.check import Check


def test_a_row_holds_only_if_all_its_checks_do() -> None:
    good, bad = Check("x", 0, 1), Check("y", 2, 1)
    assert Row("t", "", (good, good)).passed
    assert not Row("t", "", (good, bad)).passed
    assert not Row("t", "", ()).passed


def test_the_document_has_no_numbers_that_json_does_not_know() -> None:
    row = Row("t", "tried", (Check("x", math.inf, 1), Check("y", math.nan, 1, "s")), ("note",))
    document = json.loads(json.dumps(row.document(), allow_nan=False))
    assert [check["measured"] for check in document["checks"]] == [None, None]
    assert document["held"] is False
    assert document["notes"] == ["note"]
