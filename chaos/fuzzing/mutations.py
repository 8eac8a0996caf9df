"""Bytes -> other bytes, as broken transfers, broken software and ill will make them."""

import random
import struct
from collections.abc import Callable, Sequence

Mutation = Callable[[random.Random, bytes], bytes]

# Lengths and counts in a file become these: the limits of their types.
_TELLING_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_MAGICS = (
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x00 ftypavif",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"<svg xmlns='http://www.w3.org/2000/svg'>",
    b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"8BPS\x00\x01",
    b"#!/bin/sh\n",
)
_MAX_PIECE_BYTES = 64


def flip_bits(chance: random.Random, data: bytes) -> bytes:
    """Flip one to eight bits."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def set_number(chance: random.Random, data: bytes) -> bytes:
    """Overwrite one, two or four bytes with a number at the limit of its type."""
    layout = chance.choice(("B", "<H", ">H", "<I", ">I"))
    size = struct.calcsize(layout)
    number = chance.choice(_TELLING_NUMBERS) & ((1 << 8 * size) - 1)
    at = chance.randrange(max(1, len(data) - size))
    return data[:at] + struct.pack(layout, number) + data[at + size :]


def set_early_number(chance: random.Random, data: bytes) -> bytes:
    """Like `set_number`, in the first 64 bytes, where formats keep dimensions."""
    return set_number(chance, data[:64]) + data[64:]


def truncate(chance: random.Random, data: bytes) -> bytes:
    """Keep the beginning, which may be nothing."""
    return data[: chance.randrange(len(data))]


def delete_piece(chance: random.Random, data: bytes) -> bytes:
    """Leave some bytes out of the middle."""
    begin, end = _piece(chance, data)
    return data[:begin] + data[end:]


def repeat_piece(chance: random.Random, data: bytes) -> bytes:
    """Repeat some bytes, up to a hundred times."""
    begin, end = _piece(chance, data)
    return data[:begin] + data[begin:end] * chance.randint(2, 100) + data[end:]


def insert_noise(chance: random.Random, data: bytes) -> bytes:
    """Put random bytes somewhere."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randint(1, _MAX_PIECE_BYTES)) + data[at:]


def blank_piece(chance: random.Random, data: bytes) -> bytes:
    """Overwrite some bytes with one value."""
    begin, end = _piece(chance, data)
    return data[:begin] + bytes([chance.choice((0, 0xFF))]) * (end - begin) + data[end:]


def swap_magic(chance: random.Random, data: bytes) -> bytes:
    """Begin like another format."""
    magic = chance.choice(_MAGICS)
    return magic + data[chance.choice((0, len(magic))) :]


def append_other_format(chance: random.Random, data: bytes) -> bytes:
    """End like another format: valid as two things at once."""
    return data + chance.choice(_MAGICS) + chance.randbytes(_MAX_PIECE_BYTES)


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    set_number,
    set_early_number,
    truncate,
    delete_piece,
    repeat_piece,
    insert_noise,
    blank_piece,
    swap_magic,
    append_other_format,
)


def splice(chance: random.Random, first: bytes, second: bytes) -> bytes:
    """Begin as one file and go on as another."""
    return first[: chance.randrange(len(first) + 1)] + second[chance.randrange(len(second) + 1) :]


def mutate(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Apply one to four mutations, or a splice with one of `others`."""
    if chance.random() < 0.1:
        data = splice(chance, data, chance.choice(others))
    for _ in range(chance.randint(1, 4)):
        if not data:
            return data
        data = chance.choice(MUTATIONS)(chance, data)
    return data


def _piece(chance: random.Random, data: bytes) -> tuple[int, int]:
    begin = chance.randrange(len(data))
    return begin, min(len(data), begin + chance.randint(1, _MAX_PIECE_BYTES))
