"""Tags a photo: `python tag.py http://127.0.0.1:8080 photo.jpg`."""

import asyncio
import sys

from hangtag import AsyncTaggerClient, Product
from hangtag.client import ProblemAnswered


async def main(url: str, photo: str) -> None:
    """Print the tags of a photo."""
    async with AsyncTaggerClient(url) as client:
        try:
            answer = await client.tag(Product(images=photo))
        except ProblemAnswered as error:
            sys.exit(f"{error.problem.code}: {error.problem.detail}")
    for tag in answer.tags:
        print(tag.group, tag.name, tag.score)


asyncio.run(main(*sys.argv[1:]))
