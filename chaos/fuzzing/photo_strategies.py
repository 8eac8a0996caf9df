"""Photos that were broken on the way, or on purpose."""

import base64
import json
import random

from hypothesis import strategies as st

from chaos.fuzzing.cases import FuzzCase, post
from chaos.fuzzing.mutations import mutate
from chaos.fuzzing.photo_files import sound_photos

_TYPES = ("image/jpeg", "image/png", "application/octet-stream", "image/x-anything")


def chances() -> st.SearchStrategy[random.Random]:
    """Draw a source of chance; hypothesis would take longer to draw each bit than the server."""
    seeds = st.integers(0, 2**64 - 1)
    return seeds.map(lambda seed: random.Random(seed))  # noqa: S311 - no secret is made here


def photo_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw a POST of a mutated photo, of any format, as any type."""
    return st.builds(post, st.just("photo"), _mutated(), st.sampled_from(_TYPES))


def photo_in_document_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw a JSON document with a sound photo and mutated ones."""
    photos = st.lists(_mutated(), min_size=1, max_size=3)
    return photos.map(
        lambda broken: post(
            "photo in json",
            json.dumps(
                {"images": [_content(each) for each in (sound_photos()[0], *broken)]}
            ).encode(),
            "application/json",
        )
    )


def _mutated() -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda chance, photo: mutate(chance, photo, sound_photos()),
        chances(),
        st.sampled_from(sound_photos()),
    )


def _content(photo: bytes) -> dict[str, str]:
    return {"content": base64.b64encode(photo).decode()}
