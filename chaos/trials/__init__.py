"""One trial a module: a function of server, load and settings that returns its row."""

from collections.abc import Callable, Mapping

from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.trials import (
    client_disconnect,
    determinism,
    exposure,
    fuzz,
    handler_exception,
    overload,
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
    "determinism": determinism.run,
    "handler-exception": handler_exception.run,
    "given-up": client_disconnect.run,
    "slow-clients": slow_clients.run,
    "overload": overload.run,
    "worker-killed": worker_killed.run,
    "worker-killed-while-loading": worker_killed.run_while_loading,
    "fuzz": fuzz.run,
    "soak": soak.run,
}
