"""How the names of photos end."""

import re

PHOTO_SUFFIX = re.compile(r"(?i)\.(jpe?g|jfif|png|webp|gif|bmp|tiff?|heic|heif|avif)$")
