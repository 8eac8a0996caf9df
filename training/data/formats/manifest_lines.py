"""Lines of labelling manifests, in our plain form and in that of SageMaker Ground Truth.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import from_json

from hangtag.faults import first_fault

_GROUND_TRUTH_WORKER = "ground-truth"
_METADATA = "-metadata"


@dataclass(frozen=True)
class WorkerAnswer:
    """The labels that one worker gave a photo, as written."""

    worker: str
    labels: frozenset[str]


@dataclass(frozen=True)
class PhotoAnswers:
    """One line of a manifest; `where` is such as `answers.jsonl:3`."""

    where: str
    image: str
    product_id: str
    answers: tuple[WorkerAnswer, ...]


def _as_text(value: object) -> object:
    """Numbers are IDs too, also where a program writes 412.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int) else value


_Text = Annotated[str, BeforeValidator(_as_text)]


class _PlainAnswer(BaseModel):
    worker: _Text
    labels: list[_Text]


class _PlainLine(BaseModel):
    image: str
    product_id: _Text = ""
    answers: list[_PlainAnswer] = Field(min_length=1)


class _JobMetadata(BaseModel):
    """What Ground Truth says of one job: of several labels a map, of a single one its name."""

    class_map: dict[str, str] | None = Field(None, alias="class-map")
    class_name: str | None = Field(None, alias="class-name")
    failure_reason: str | None = Field(None, alias="failure-reason")


def parse_line(line: str, where: str) -> PhotoAnswers | str:
    """Return what a line says, or what is wrong with it."""
    try:
        document = from_json(line)
    except ValueError:
        return "the line is not JSON"
    if not isinstance(document, dict):
        return "the line is no JSON object"
    try:
        if "source-ref" in document:
            return _ground_truth(document, where)
        return _plain(_PlainLine.model_validate(document), where)
    except ValidationError as error:
        return first_fault(error, _PlainLine).at("the line")
    except KeyError as error:
        return f"the class {error} is not in the job's class-map"


def _plain(line: _PlainLine, where: str) -> PhotoAnswers | str:
    workers = [answer.worker for answer in line.answers]
    repeated = [worker for worker in workers if workers.count(worker) > 1]
    if repeated:
        return f"the worker {repeated[0]!r} answers more than once"
    answers = (WorkerAnswer(each.worker, frozenset(each.labels)) for each in line.answers)
    return PhotoAnswers(where, line.image, line.product_id, tuple(answers))


def _ground_truth(document: dict[str, Any], where: str) -> PhotoAnswers | str:
    """Return the one answer that Ground Truth has made of its workers' answers.

    A photo that went through several jobs has the labels of all of them.
    """
    jobs = [
        key.removesuffix(_METADATA)
        for key, value in document.items()
        if key.endswith(_METADATA) and isinstance(value, dict)
    ]
    labels: set[str] = set()
    for job in jobs:
        metadata = _JobMetadata.model_validate(document[job + _METADATA])
        labels |= _job_labels(document.get(job), metadata)
    if not jobs:
        return "the line has a source-ref and no answer (<job> and <job>-metadata)"
    answer = WorkerAnswer(_GROUND_TRUTH_WORKER, frozenset(labels))
    return PhotoAnswers(where, str(document["source-ref"]), "", (answer,))


def _job_labels(value: object, metadata: _JobMetadata) -> set[str]:
    if metadata.failure_reason is not None:
        return set()
    if isinstance(value, list) and metadata.class_map is not None:
        return {metadata.class_map[str(number)] for number in value}
    return {metadata.class_name} if metadata.class_name else set()
