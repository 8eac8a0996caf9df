"""One trial a module: a function of server, load and settings that returns its row."""

from collections.abc import Callable, Mapping

from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.trials import (
    ambiguous_requests,
    bombs,
    client_disconnect,
    dear_photos,
    description,
    determinism,
    exposure,
    floods,
    fuzz,
    handler_exception,
    hanging_workers,
    idle_connections,
    launcher_killed,
    metrics_port,
    overload,
    own_deadline,
    slow_clients,
    soak,
    worker_killed,
)
from chaos.verdict import Row
from loadtest.client.load import Load

Trial = Callable[[ServerUnderTrial, Load, ChaosSettings], Row]

# In this order: what needs a server as it was started comes before what wears it out.
TRIALS: Mapping[str, Trial] = {
    "exposure": exposure.run,
    "metrics-port": metrics_port.run,
    "ambiguous-requests": ambiguous_requests.run,
    "determinism": determinism.run,
    "handler-exception": handler_exception.run,
    "given-up": client_disconnect.run,
    "own-deadlines": own_deadline.run,
    "slow-clients": slow_clients.run,
    "promised-bodies": idle_connections.run_promises,
    "idle-connections": idle_connections.run_idle,
    "flood": floods.run_small,
    "flood-of-large-photos": floods.run_large,
    "dear-photos": dear_photos.run,
    "overload": overload.run,
    "worker-killed": worker_killed.run,
    "worker-killed-while-loading": worker_killed.run_while_loading,
    "workers-gone": hanging_workers.run_killed,
    "workers-hang": hanging_workers.run_stopped,
    "launcher-killed": launcher_killed.run,
    "talkative-photos": bombs.run_talkative,
    "bombs": bombs.run,
    "description": description.run,
    "fuzz": fuzz.run,
    "soak": soak.run,
}
