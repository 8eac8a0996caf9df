"""Every error that Hangtag raises on purpose.

HangtagError
├── RequestFailed                     500 internal
│   ├── RequestError                  400 request_invalid
│   │   ├── ImageMissing              400 image_missing
│   │   ├── ImageUndecodable          400 image_undecodable
│   │   ├── ImageTooLarge             413 image_too_large
│   │   ├── RequestTooLarge           413 request_too_large
│   │   ├── FormatUnsupported         415 format_unsupported
│   │   ├── ImageTooManyPixels        422 image_too_many_pixels
│   │   ├── TooManyImages             422 too_many_images
│   │   └── UnknownGroup              422 unknown_group
│   └── DeadlineExceeded              504 deadline_exceeded
└── SetupError
    ├── SettingsInvalid
    ├── CommandUnavailable
    ├── LabelSpaceInvalid
    ├── DataInvalid
    ├── BundleInvalid
    ├── DiskFull
    ├── ArchiveInvalid
    └── ServerUnavailable

A RequestFailed becomes the problem+json answer of that one request; a RequestError is the caller's
to mend. A SetupError is the operator's to mend: commands print its message as one sentence, and
stop. Other rooms have errors of their own below SetupError, beside their code.
"""

from typing import ClassVar


class HangtagError(Exception):
    """Root of the tree; `str(error)` is one sentence that says what to do."""


class RequestFailed(HangtagError):
    """A request cannot be answered; by itself, the fault is the service's."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"


class RequestError(RequestFailed):
    """The request does not keep to the contract; `path` is the JSON path of the wrong part."""

    status = 400
    code = "request_invalid"
    title = "Request invalid"

    # Whether it is a photo's own fault; the metrics count photos by it.
    concerns_photo: ClassVar[bool] = False

    def __init__(self, detail: str, path: str | None = None) -> None:
        super().__init__(detail)
        self.path = path


class ImageMissing(RequestError):
    """The request carries no photo."""

    code = "image_missing"
    title = "Image missing"


class ImageUndecodable(RequestError):
    """The bytes are no photo, or a broken one."""

    concerns_photo = True
    code = "image_undecodable"
    title = "Image undecodable"


class ImageTooLarge(RequestError):
    """A photo has more bytes than the service takes."""

    status = 413
    concerns_photo = True
    code = "image_too_large"
    title = "Image too large"


class RequestTooLarge(RequestError):
    """The body has more bytes than the service takes, once it is unpacked."""

    status = 413
    code = "request_too_large"
    title = "Request too large"


class FormatUnsupported(RequestError):
    """The body or a photo has a format that the service does not read."""

    status = 415
    concerns_photo = True
    code = "format_unsupported"
    title = "Format unsupported"


class ImageTooManyPixels(RequestError):
    """A photo has more pixels than the service decodes."""

    status = 422
    concerns_photo = True
    code = "image_too_many_pixels"
    title = "Image has too many pixels"


class TooManyImages(RequestError):
    """A product has more photos than the service takes."""

    status = 422
    code = "too_many_images"
    title = "Too many images"


class UnknownGroup(RequestError):
    """`options.groups` names a group that the label space does not have."""

    status = 422
    code = "unknown_group"
    title = "Unknown group"


class DeadlineExceeded(RequestFailed):
    """Nobody waits for the answer any more, so no work is done for it."""

    status = 504
    code = "deadline_exceeded"
    title = "Deadline exceeded"


class SetupError(HangtagError):
    """Something that the operator gave (data, settings, files) does not fit."""


class SettingsInvalid(SetupError):
    """A setting is unknown or out of its range."""


class CommandUnavailable(SetupError):
    """A command or a format needs what is not installed."""


class LabelSpaceInvalid(SetupError):
    """labels.json contradicts itself or cannot be read."""


class DataInvalid(SetupError):
    """The dataset folder cannot be trained on as it is."""


class DiskFull(SetupError):
    """There is no space for what is to be written."""


class BundleInvalid(SetupError):
    """A bundle is incomplete, changed, or of another format version."""


class ArchiveInvalid(SetupError):
    """An archive is missing, broken, or does not answer as its bundle promises."""


class ServerUnavailable(SetupError):
    """The server cannot be started or does not become ready."""
