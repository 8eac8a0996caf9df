"""What an operator may set for serving: the `hangtag:` section of model-config.yaml."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hangtag.engine import Precision
from hangtag.errors import SettingsInvalid
from hangtag.faults import first_fault
from hangtag.images.decode import ImageLimits
from hangtag.images.formats import PILLOW_MAX_PIXELS


class TaggerSettings(BaseModel):
    """Limits and defaults of a served tagger; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_image_bytes: int = Field(20_000_000, gt=0)
    # Of a body that came under a Content-Encoding, once it is unpacked. Eight such bodies make a
    # batch; together they take no more than those that the front end lets in unpacked.
    max_unpacked_bytes: int = Field(33_554_432, gt=0)
    max_image_pixels: int = Field(64_000_000, gt=0, le=PILLOW_MAX_PIXELS)
    # All photos of one product together: 16 of 12 megapixels.
    max_product_pixels: int = Field(192_000_000, gt=0)
    # Photos of one product.
    max_images: int = Field(16, ge=1, le=256)
    # Candidates of each group in an answer, where the request does not say.
    default_top_k: int = Field(3, ge=1)
    # auto: the fastest that the bundle offers and the hardware computes natively.
    precision: Precision | Literal["auto"] = "auto"
    # 0: OMP_NUM_THREADS, which the launcher sets; else each core.
    inference_threads: int = Field(0, ge=0)
    # Photos decoded at the same time, while the network runs; 0 as above.
    decode_threads: int = Field(0, ge=0)

    @property
    def image_limits(self) -> ImageLimits:
        """The part of the settings that decoding a photo needs."""
        return ImageLimits(
            max_image_bytes=self.max_image_bytes, max_image_pixels=self.max_image_pixels
        )


def parse_settings(section: Any) -> TaggerSettings:
    """Return the settings of a parsed `hangtag:` section (None: all defaults).

    Raises
    ------
    SettingsInvalid : naming the key and what is wrong with it.
    """
    try:
        return TaggerSettings.model_validate(section if section is not None else {})
    except ValidationError as error:
        fault = first_fault(error, TaggerSettings)
        place = f"hangtag.{fault.place}" if fault.steps else "hangtag"
        raise SettingsInvalid(f"model-config.yaml: {place} {fault.what}.") from error
