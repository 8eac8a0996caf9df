"""What an operator may set for the edge: serve_config/service.yaml."""

import resource
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hangtag.errors import SettingsInvalid
from hangtag.faults import first_fault

FILE = "service.yaml"
_MAX_MS = 3_600_000
# Descriptors for all that is no caller's connection: logs, workers, sockets of the backend.
_OTHER_DESCRIPTORS = 128


class PhotoUrlSettings(BaseModel):
    """Where photos are fetched from that a request names by their addresses: nowhere, as shipped.

    `allowed_hosts` are names such as `cdn.example.com`, or `*.example.com` for all below one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed_hosts: tuple[str, ...] = ()
    allow_http: bool = False
    max_bytes: int = Field(20_000_000, gt=0)
    timeout_s: float = Field(5.0, gt=0)
    max_redirects: int = Field(3, ge=0, le=10)

    def allows(self, host: str) -> bool:
        """Whether a host is listed."""
        host = host.lower().rstrip(".")
        return any(
            host.endswith(each[1:].lower()) if each.startswith("*.") else host == each.lower()
            for each in self.allowed_hosts
        )


class ServiceSettings(BaseModel):
    """Limits of time, memory and connections; an unknown key is an error. `_ms`: milliseconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # From a request's last byte to its answer; a caller may ask for less.
    time_limit_ms: int = Field(10_000, ge=100, le=_MAX_MS)
    # From a request's first byte to its last.
    read_timeout_ms: int = Field(30_000, ge=100, le=_MAX_MS)
    # Of a body, on average, after its first two seconds.
    least_rate_bytes_per_s: int = Field(4_096, ge=0)
    # Of a connection without a request.
    idle_timeout_ms: int = Field(120_000, ge=100, le=_MAX_MS)
    max_request_bytes: int = Field(67_108_864, gt=0)
    # All bodies that are held at one time.
    body_budget_bytes: int = Field(268_435_456, gt=0)
    # Requests that wait for a worker.
    max_waiting: int = Field(200, ge=1)
    max_connections: int = Field(1_000, ge=8)
    # Seconds for one batch; then its worker is ended, and another one begun.
    batch_timeout_s: float = Field(60.0, gt=0)
    photo_urls: PhotoUrlSettings = PhotoUrlSettings()

    @model_validator(mode="after")
    def _largest_request_fits(self) -> "ServiceSettings":
        # A quarter of the budget is kept for small bodies.
        if self.max_request_bytes > self.body_budget_bytes // 4 * 3:
            raise ValueError(
                "max_request_bytes is more than three quarters of body_budget_bytes, so that the "
                "largest requests could never be taken"
            )
        return self

    @property
    def time_limit_s(self) -> float:
        """Seconds from a request's last byte to its answer, at most."""
        return self.time_limit_ms / 1000

    @property
    def longest_request_s(self) -> float:
        """Seconds from a request's first byte to its answer, at most."""
        return (self.read_timeout_ms + self.time_limit_ms) / 1000

    @property
    def affordable_connections(self) -> int:
        """Connections that this process has descriptors for: more would end it in other places."""
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return max(8, min(self.max_connections, descriptors - _OTHER_DESCRIPTORS))


def read_service_settings(path: Path) -> ServiceSettings:
    """Return the settings of a service.yaml.

    Raises
    ------
    SettingsInvalid : if it is missing or no YAML; or naming the key and what is wrong with it.
    """
    try:
        return parse_service_settings(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsInvalid(f"{path} is missing; restore serve_config/.") from error


def parse_service_settings(text: str) -> ServiceSettings:
    """Return the settings in the text of a service.yaml.

    Raises
    ------
    SettingsInvalid : if it is no YAML; or naming the key and what is wrong with it.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsInvalid(f"{FILE} is no YAML: {' '.join(str(error).split())}.") from error
    try:
        return ServiceSettings.model_validate({} if document is None else document)
    except ValidationError as error:
        fault = first_fault(error, ServiceSettings)
        raise SettingsInvalid(f"{FILE}: {fault.at('the file')}.") from error
