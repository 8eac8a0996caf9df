"""Stands in for torch in TorchServe's workers; found first, by way of PYTHONPATH.

TorchServe imports torch into every worker to ask of each answer whether it is a tensor
(ts/protocol/otf_message_handler.py), and for nothing else. Ours are bytes. The real torch takes
480 MB of each worker's memory and two seconds of its start.
"""


class Tensor:
    """No answer is one."""


def __getattr__(name: str) -> object:
    raise AttributeError(
        f"torch.{name} is not there: Hangtag's workers run without torch "
        "(server/worker_path/torch.py)."
    )
