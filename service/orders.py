"""What the edge, and its workers, are told by who starts them."""

from pathlib import Path

from pydantic import BaseModel

from service.settings import ServiceSettings


class WorkerOrders(BaseModel):
    """What a worker of the edge's own loads."""

    bundle: Path
    # model-config.yaml; all defaults where there is none.
    settings: Path
    name: str
    version: str
    gpu_id: int | None = None


class LocalPlan(BaseModel):
    """How many workers of its own the edge keeps, and what each of them loads."""

    workers: int
    batch_size: int
    gpus: int
    orders: WorkerOrders


class TorchServePlan(BaseModel):
    """Where a TorchServe is, and what it runs.

    Parameters
    ----------
    socket : of its inference address
    forms_as_they_are : whether the archive's handler wants TorchServe to take forms to pieces, as
        those of older releases do
    """

    socket: Path
    management_port: int
    model: str
    workers: int
    batch_size: int
    forms_as_they_are: bool = False


class EdgeOrders(BaseModel):
    """All that the edge needs to know: one of the backends, and what is served.

    Parameters
    ----------
    bundle : a folder with its manifest and its labels at least; None for an archive without one
    """

    host: str
    port: int
    metrics_port: int
    logs: Path
    bundle: Path | None
    model: str
    version: str
    settings: ServiceSettings
    torchserve: TorchServePlan | None = None
    local: LocalPlan | None = None
