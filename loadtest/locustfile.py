"""What a supplier's system does to the service: sends product photos and reads the tags."""

from __future__ import annotations

import os
import random
from pathlib import Path

from locust import FastHttpUser, constant, task

_CONTENT_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}
_PHOTOS = sorted(
    path
    for path in Path(os.environ["HANGTAG_LOADTEST_PHOTOS"]).iterdir()
    if path.suffix.lower() in _CONTENT_TYPES
)
_BODIES = [(path.read_bytes(), _CONTENT_TYPES[path.suffix.lower()]) for path in _PHOTOS[:200]]


class Supplier(FastHttpUser):
    """Sends one photo after the other, as fast as they are answered."""

    wait_time = constant(0)

    @task
    def tag_photo(self) -> None:
        """Send a photo and check that the answer is one."""
        photo, content_type = random.choice(_BODIES)  # noqa: S311 - no secret is made here
        with self.client.post(
            "/predictions/tagger",
            data=photo,  # type: ignore[arg-type] # bytes are sent as they are
            headers={"Content-Type": content_type},
            name="one photo",
            catch_response=True,
        ) as response:
            if response.status_code == 200 and "groups" not in response.json():
                response.failure("200 without groups")
