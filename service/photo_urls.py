"""Photos that a request names by their addresses, fetched where an operator allows it.

Whoever sends an address makes this server ask it (server-side request forgery): so only listed
hosts are asked, each redirect is looked at as the first address was, and no name may lead into a
private network.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import asyncio
import base64
import ipaddress
import json
import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from hangtag.errors import ImageMissing, ImageTooLarge, RequestError
from service.settings import PhotoUrlSettings

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PIECE_BYTES = 1 << 16
_AT_A_TIME = 4
_MAX_PHOTOS = 64


def is_public(address: str) -> bool:
    """Whether an address is one of the internet, and of no network behind this machine."""
    parsed = ipaddress.ip_address(address)
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global and not parsed.is_multicast


class PhotoFetcher:
    """Puts the bytes of photos where a request has their addresses."""

    def __init__(
        self, settings: PhotoUrlSettings, may_connect: Callable[[str], bool] = is_public
    ) -> None:
        self._settings = settings
        self._may_connect = may_connect

    async def resolve(self, body: bytes) -> bytes:
        """Return a JSON body with `content` in the place of each `url`; any other as it is.

        Raises
        ------
        RequestError : if an address is not allowed.
        ImageMissing, ImageTooLarge : if what is there is no photo to be had, or a too large one.
        """
        if not self._settings.allowed_hosts or b'"url"' not in body:
            return body
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            # Whoever reads it says what is wrong.
            return body
        images = document.get("images") if isinstance(document, dict) else None
        wanted = [
            (index, image)
            for index, image in enumerate(images if isinstance(images, list) else ())
            if isinstance(image, dict) and isinstance(image.get("url"), str)
        ]
        if not wanted or len(wanted) > _MAX_PHOTOS:
            return body
        await self._fetch_all(wanted)
        return json.dumps(document).encode()

    async def _fetch_all(self, wanted: list[tuple[int, dict[str, Any]]]) -> None:
        turns = asyncio.Semaphore(_AT_A_TIME)
        connector = aiohttp.TCPConnector(resolver=_Resolver(self._may_connect), use_dns_cache=False)
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_s)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:

            async def put(index: int, image: dict[str, Any]) -> None:
                async with turns:
                    photo = await self._fetch(session, image.pop("url"), f"$.images[{index}].url")
                image["content"] = base64.b64encode(photo).decode()

            await asyncio.gather(*(put(*each) for each in wanted))

    async def _fetch(self, session: aiohttp.ClientSession, address: str, path: str) -> bytes:
        try:
            url = URL(address)
            for _ in range(self._settings.max_redirects + 1):
                self._require_allowed(url, path)
                async with session.get(url, allow_redirects=False) as answer:
                    if answer.status in _REDIRECTS:
                        url = url.join(URL(answer.headers.get("Location", "")))
                        continue
                    if answer.status != 200:
                        raise ImageMissing(f"{path} answers with {answer.status}, no photo.", path)
                    return await self._read(answer, path)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ImageMissing(
                f"{path} cannot be fetched; send the photo's bytes.", path
            ) from error
        raise ImageMissing(f"{path} leads on too often; give the last address.", path)

    def _require_allowed(self, url: URL, path: str) -> None:
        schemes = ("https", "http") if self._settings.allow_http else ("https",)
        if url.scheme not in schemes or not url.host or not self._settings.allows(url.host):
            raise RequestError(
                f"{path} is on no host that photos are fetched from here; send the photo's bytes.",
                path,
            )
        if _is_address(url.host) and not self._may_connect(url.host):
            raise RequestError(f"{path} is no public address; send the photo's bytes.", path)

    async def _read(self, answer: aiohttp.ClientResponse, path: str) -> bytes:
        pieces: list[bytes] = []
        size = 0
        async for piece in answer.content.iter_chunked(_PIECE_BYTES):
            size += len(piece)
            if size > self._settings.max_bytes:
                raise ImageTooLarge(
                    f"The photo at {path} has more than the {self._settings.max_bytes:,} bytes "
                    "that are taken; send it smaller.",
                    path,
                )
            pieces.append(piece)
        return b"".join(pieces)


class _Resolver(AbstractResolver):
    """Names lead to addresses that may be asked, or nowhere; it is these that are connected to."""

    def __init__(self, may_connect: Callable[[str], bool]) -> None:
        self._may_connect = may_connect
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        allowed = [each for each in found if self._may_connect(each["host"])]
        if not allowed:
            raise OSError(f"{host} leads to no public address")
        return allowed

    async def close(self) -> None:
        await self._resolver.close()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
