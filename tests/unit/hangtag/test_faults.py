from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from hangtag.faults import Fault, first_fault, shown


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=5)
    size: int | Literal["auto"] = Field("auto", ge=1)


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    epochs: int = Field(1, ge=1, le=20_000)
    rate: float = Field(0.1, gt=0, le=0.5, allow_inf_nan=False)
    quick: bool = False
    label: str | int = ""
    kind: Literal["one", "two"] = "one"
    items: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] = (1,)
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = {}
    one: Part | None = None
    aliased: int = Field(1, alias="hangtag.aliased")

    @field_validator("kind")
    @classmethod
    def _not_two(cls, kind: str) -> str:
        if kind == "two":
            raise ValueError("two is for tomorrow")
        return kind


def fault(document: Any) -> Fault:
    with pytest.raises(ValidationError) as raised:
        Whole.model_validate(document)
    return first_fault(raised.value, Whole)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"epochs": 0}, "epochs must be at least 1, and is 0"),
        ({"epochs": 30_000}, "epochs must be at most 20,000, and is 30000"),
        ({"epochs": "soon"}, "epochs must be a whole number, and is 'soon'"),
        ({"epochs": 1.5}, "epochs must be a whole number, and is 1.5"),
        ({"epochs": None}, "epochs must be a whole number, and is null"),
        ({"epochs": "x" * 99}, "epochs must be a whole number, and is a text of 99 characters"),
        ({"rate": 0}, "rate must be more than 0, and is 0"),
        ({"rate": 0.7}, "rate must be at most 0.5, and is 0.7"),
        ({"rate": float("nan")}, "rate must be a finite number, and is nan"),
        ({"quick": "perhaps"}, "quick must be true or false, and is 'perhaps'"),
        ({"label": 1.5}, "label must be text or a whole number, and is 1.5"),
        ({"kind": "three"}, "kind must be 'one' or 'two', and is 'three'"),
        ({"kind": "two"}, "kind is wrong: two is for tomorrow"),
        ({"items": []}, "items must be a list of at least 1, and is a list of 0"),
        ({"items": [1, 2, 3]}, "items must be a list of at most 2, and is a list of 3"),
        ({"items": {}}, "items must be a list, and is an object"),
        ({"parts": [3]}, "parts.0 must be an object, and is 3"),
        ({"parts": [{}]}, "parts.0.name is missing"),
        (
            {"parts": [{"name": "too long"}]},
            "parts.0.name must be text of at most 5 characters, and is 'too long'",
        ),
        ({"one": {"name": "a", "size": 0}}, "one.size must be at least 1, and is 0"),
        ({"one": {"name": "a", "size": "x"}}, "one.size must be a whole number or 'auto', "),
        ({"epoch": 1}, "epoch is unknown; did you mean 'epochs'? There are: "),
        ({"by_name": {"k": {"nme": "a"}}}, "by_name.k.nme is unknown; did you mean 'name'?"),
        ({"parts": [{"title": "a"}]}, "parts.0.title is unknown; there are: name, size"),
        ({"hangtag.aliasd": 1}, "hangtag.aliasd is unknown; did you mean 'hangtag.aliased'?"),
        ([], "the file must be an object, and is a list of 0"),
    ],
)
def test_each_fault_is_a_sentence_of_ours(document: Any, said: str) -> None:
    assert fault(document).at().startswith(said)


def test_a_fault_knows_its_json_path() -> None:
    assert fault({"parts": [{"name": "a"}, {"nam": "b"}]}).json_path == "$.parts[1].nam"
    assert fault(5).json_path == "$"


def test_a_list_of_models_has_faults_too() -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(list[Part]).validate_python([{"name": "a"}, {"nam": "b"}])
    assert first_fault(raised.value, list[Part]).at().startswith("1.nam is unknown; did you mean")


def test_a_path_can_be_written_whatever_was_sent() -> None:
    path = Fault(("a\ud800",), "is unknown").json_path
    assert path.encode("utf-8") == b"$.a\\ud800"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "true"),
        ("x" * 41, "a text of 41 characters"),
        (10**50, "a number of more than 40 digits"),
        (b"ab", "a list of 2"),
        (object(), "a object"),
    ],
)
def test_values_are_quoted_briefly(value: object, said: str) -> None:
    assert shown(value) == said
