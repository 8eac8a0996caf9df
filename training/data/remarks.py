"""What is said once about a dataset's files: how they were read where that was not plain."""

from rich.console import Console


def remark(text: str) -> None:
    """Print a sentence on stderr, where progress and problems go."""
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)
