"""How many servers a rate takes, from what one of them was measured to carry."""

import math
from collections.abc import Sequence

from pydantic import BaseModel

TARGETS_PER_S = (100, 500, 1_000, 2_500, 5_000, 10_000)
# How full servers are run: the rest is for uneven arrivals, which were measured evenly spaced, and
# for the minutes until an autoscaler has acted.
UTILISATION = 0.7
# Servers that may be away at any time: one in ten, for rolling upgrades and lost machines.
_SPARE_SHARE = 0.1
# For how many GPUs the table says what each would have to carry.
GPU_COUNTS = (1, 2, 4, 8, 16, 32, 64)
_SECONDS_A_DAY = 86_400


class Server(BaseModel, extra="forbid", frozen=True):
    """What was measured of one server; None where it is not known of a remote one."""

    photos_per_s: float
    cores: int | None
    gpus: int
    memory_mb: float | None
    mean_photo_bytes: float


class Need(BaseModel, extra="forbid", frozen=True):
    """What a rate takes; `servers` contains the spare ones."""

    photos_per_s: int
    million_a_day: float
    servers: int
    cores: int | None
    gpus: int
    memory_gb: float | None
    network_mb_per_s: float


def plan_servers(server: Server, targets_per_s: Sequence[int] = TARGETS_PER_S) -> list[Need]:
    """Return what each rate takes, in servers like the one that was measured.

    They share nothing, so that their rates add up.

    >>> one = Server(photos_per_s=50, cores=2, gpus=0, memory_mb=1000, mean_photo_bytes=10_000)
    >>> need, = plan_servers(one, [100])
    >>> need.servers, need.cores, need.memory_gb, need.network_mb_per_s
    (4, 8, 4.0, 1.0)
    """
    return [_need(server, target) for target in targets_per_s]


def each_gpu_carries(target_per_s: int, gpus: int) -> float:
    """Return the photos a second that must be measured of one GPU, so that `gpus` carry a rate.

    >>> each_gpu_carries(10_000, 20)
    714.3
    """
    return round(target_per_s / gpus / UTILISATION, 1)


def _need(server: Server, target: int) -> Need:
    working = math.ceil(target / (server.photos_per_s * UTILISATION))
    servers = working + math.ceil(working * _SPARE_SHARE)
    return Need(
        photos_per_s=target,
        million_a_day=target * _SECONDS_A_DAY / 1e6,
        servers=servers,
        cores=None if server.cores is None else servers * server.cores,
        gpus=servers * server.gpus,
        memory_gb=None if server.memory_mb is None else servers * server.memory_mb / 1000,
        network_mb_per_s=target * server.mean_photo_bytes / 1e6,
    )
