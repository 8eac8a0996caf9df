"""Which backends are tried: one, or both, one after the other."""

from typing import Literal, TypeAlias, get_args

from server.tagger_server import BackendName

BackendChoice: TypeAlias = Literal["both", "torchserve", "local"]


def backends_of(choice: BackendChoice) -> tuple[BackendName, ...]:
    """Return the backends that a choice means.

    >>> backends_of("both")
    ('torchserve', 'local')
    >>> backends_of("local")
    ('local',)
    """
    return get_args(BackendName) if choice == "both" else (choice,)
