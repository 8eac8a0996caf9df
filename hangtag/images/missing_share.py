"""How much of a photo may be missing."""

from dataclasses import dataclass

from hangtag.errors import ImageUndecodable

# Of a photo's area; of a JPEG whose last scan only adds detail, of all its bytes.
MAX_MISSING_SHARE = 0.05


@dataclass(frozen=True)
class Loss:
    """Rows that are there, and the share of the photo that is missing."""

    rows: int
    share: float

    def check(self, image_format: str) -> None:
        """Raise ImageUndecodable if more than MAX_MISSING_SHARE is missing."""
        if self.share > MAX_MISSING_SHARE:
            raise ImageUndecodable(
                f"The {image_format} photo is cut short: about {self.share:.1%} of it is missing, "
                f"more than {MAX_MISSING_SHARE:.0%}; send it again."
            )
