"""What an operator may set for serving: the `hangtag:` section of model-config.yaml."""

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError

from hangtag.engine import Precision
from hangtag.errors import SettingsInvalid
from hangtag.faults import first_fault
from hangtag.images.limits import ImageLimits

# Of an archive, the file that holds the settings.
MODEL_CONFIG = "model-config.yaml"


class TaggerSettings(ImageLimits):
    """Limits and defaults of a served tagger; an unknown key is an error."""

    # Of a body that came under a Content-Encoding, once it is unpacked. Eight such bodies make a
    # batch; together they take no more than those that the edge lets in unpacked.
    max_unpacked_bytes: int = Field(33_554_432, gt=0)
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

    def within(self, limits: ImageLimits) -> Self:
        """Return the settings with a bundle's limits of a photo, where none were given."""
        given = self.model_dump(exclude_unset=True)
        return self.model_validate({**limits.model_dump(), **given})


def read_settings(path: Path) -> TaggerSettings:
    """Return the settings of a model-config.yaml; all defaults where there is none.

    Raises
    ------
    SettingsInvalid : if it is no YAML; or naming the key and what is wrong with it.
    """
    try:
        config = yaml.safe_load(path.read_bytes() if path.exists() else b"")
    except yaml.YAMLError as error:
        raise SettingsInvalid(f"{path} is no YAML: {' '.join(str(error).split())}.") from error
    return parse_settings(config.get("hangtag") if isinstance(config, dict) else config)


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
        raise SettingsInvalid(f"{MODEL_CONFIG}: {place} {fault.what}.") from error
