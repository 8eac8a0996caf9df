from pathlib import Path

import pytest

from chaos.variant_server import PROJECT, VariantOrders, serving_variant, write_project
from hangtag.errors import ServerUnavailable


def test_a_project_differs_in_what_is_appended(tmp_path: Path) -> None:
    write_project(tmp_path, {"hangtag/responses.py": "FAULT = 1\n"})
    original = (PROJECT / "hangtag" / "responses.py").read_text(encoding="utf-8")
    assert (tmp_path / "hangtag/responses.py").read_text("utf-8") == original + "FAULT = 1\n"
    same = Path("service/edge.py")
    assert (tmp_path / same).read_bytes() == (PROJECT / same).read_bytes()


def test_a_variant_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    orders = VariantOrders(archive=tmp_path / "none.mar", backend="local")
    says_so = pytest.raises(ServerUnavailable, match="The variant of the server")
    with says_so, serving_variant(orders):
        pass
