"""What a photo may cost; a module of its own, as reading settings should not wait for Pillow."""

import sys

from pydantic import BaseModel, ConfigDict, Field

# Above it Pillow refuses to open a photo, whatever our limit.
PILLOW_MAX_PIXELS = 178_956_970


class ImageLimits(BaseModel):
    """What a photo may cost; checked before memory is spent on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_image_bytes: int = Field(20_000_000, gt=0)
    max_image_pixels: int = Field(64_000_000, gt=0, le=PILLOW_MAX_PIXELS)


# For photos that were taken before, within limits that may have been other ones.
ANY_PHOTO = ImageLimits(max_image_bytes=sys.maxsize, max_image_pixels=PILLOW_MAX_PIXELS)
