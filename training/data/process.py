"""Which of the processes that train side by side this one is."""

import torch


def process_number() -> int:
    """Return which of the processes that train side by side this one is, from 0 on."""
    distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_rank() if distributed else 0
