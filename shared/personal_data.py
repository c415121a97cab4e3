"""Names, ID numbers and phones: sealed at rest with AES-256-GCM, found again by a keyed blind index.

A sealed value is bound to its row and field, so that a ciphertext copied into another row does not open there.
Keys come from the environment and never stand in the database: ID numbers are guessable, so whoever holds both
the blind indexes and their key could list them. See domain.md §3.3 (儿童个人信息网络保护规定: encryption).

A sealed value is laid out as: 1 byte length of the key id | key id (ASCII) | 12 bytes nonce | ciphertext and tag.
Nonces are random; rotate a key before it has sealed 2**32 values. A changed index key means indexing all rows anew.
"""

import base64
import binascii
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_ID = re.compile(r"[a-z0-9-]{1,16}", re.ASCII)


class CannotOpen(Exception):
    """The sealed value was changed, belongs to another row or field, or is under a key that is not here."""


@dataclass(frozen=True)
class Keyring:
    """The keys that open sealed values, the one that seals new ones, and the key of the blind index."""

    current: str
    """Id of the key that seals; the others only open, until every row is resealed."""
    keys: Mapping[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        every = [*self.keys.values(), self.index_key]
        if self.current not in self.keys:
            raise ValueError("keyring: the current key is not among the keys")
        if any(len(key) != _KEY_BYTES for key in every):
            raise ValueError(f"keyring: every key has {_KEY_BYTES} bytes")
        if len(set(every)) != len(every):
            raise ValueError("keyring: every key differs from the others, the index key too")

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Read `2026a:<base64>,2025b:<base64>;index:<base64>`, the current key first.

        Raises ValueError, which names a key by its position only: a line written the wrong way round must not
        put a key into a log.
        """
        sealing, separator, indexing = text.strip().partition(";")
        if not separator:
            _refuse("expected <id>:<base64>,…;index:<base64>")
        pairs = [_pair(entry, f"key {position}") for position, entry in enumerate(sealing.split(","), start=1)]
        name, index_key = _pair(indexing, "the index key")
        if name != "index":
            _refuse("what follows the semicolon starts with index:")
        if len(dict(pairs)) != len(pairs):
            _refuse("a key id stands twice")
        return cls(current=pairs[0][0], keys=dict(pairs), index_key=index_key)

    @property
    def mark(self) -> bytes:
        """What every value under the current key begins with, and no other."""
        return _header(self.current)

    def seal(self, row_id: UUID, field: str, value: str) -> bytes:
        """Seal `value`, exactly as given, for this row and field; equal values seal to different bytes.

        Raises ValueError when `value` is no Unicode text (a lone surrogate).
        """
        header = self.mark
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = AESGCM(self.keys[self.current])
        return header + nonce + cipher.encrypt(nonce, value.encode(), _bound_to(header, row_id, field))

    def open(self, row_id: UUID, field: str, sealed: bytes) -> str:
        """Give back what was sealed for this row and field, under any known key; raises CannotOpen."""
        key_id, header, rest = _split(sealed)
        if key_id not in self.keys:
            raise CannotOpen("unknown key")
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        if len(nonce) < _NONCE_BYTES:
            raise CannotOpen("cut short")
        try:
            plain = AESGCM(self.keys[key_id]).decrypt(nonce, ciphertext, _bound_to(header, row_id, field))
        except InvalidTag:
            raise CannotOpen("changed, or sealed for another row or field") from None
        return plain.decode()

    def reseal(self, row_id: UUID, field: str, sealed: bytes) -> bytes | None:
        """The same value under the current key, or None when it is under it already; raises CannotOpen."""
        key_id, _, _ = _split(sealed)
        return None if key_id == self.current else self.seal(row_id, field, self.open(row_id, field, sealed))

    def blind_index(self, district_id: UUID, field: str, value: str) -> bytes:
        """32 bytes equal for equal values of a field within a district, and telling nothing across districts.

        Values are equal when `normalized` makes them so. Raises ValueError when `value` is no Unicode text.
        """
        message = district_id.bytes + field.encode() + b"\0" + normalized(value).encode()
        return hmac.digest(self.index_key, message, "sha256")


def normalized(value: str) -> str:
    """What the blind index compares: NFKC (full width becomes half width), no white space, upper case.

    So `１１０…ｘ` typed on a Chinese keyboard finds `110…X`, and 欧阳 修 finds 欧阳修. Punctuation stays: a phone
    number must come in one form (E.164).
    """
    return "".join(unicodedata.normalize("NFKC", value).split()).upper()


def _refuse(fault: str) -> NoReturn:
    raise ValueError(f"keyring: {fault}")


def _pair(entry: str, called: str) -> tuple[str, bytes]:
    key_id, separator, encoded = entry.strip().partition(":")
    if not separator or not _KEY_ID.fullmatch(key_id):
        _refuse(f"{called} is not <id>:<base64> with an id of at most 16 of a-z, 0-9 and -")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"keyring: {called} is not base64") from None
    if len(key) != _KEY_BYTES:
        _refuse(f"{called} has {len(key)} bytes instead of {_KEY_BYTES}")
    return key_id, key


def _header(key_id: str) -> bytes:
    return bytes([len(key_id)]) + key_id.encode("ascii")


def _split(sealed: bytes) -> tuple[str, bytes, bytes]:
    """Key id, header and what follows; CannotOpen when there is no header."""
    end = 1 + sealed[0] if sealed else 0
    key_id = sealed[1:end].decode("ascii", "replace")
    if not _KEY_ID.fullmatch(key_id):
        raise CannotOpen("not a sealed value")
    return key_id, sealed[:end], sealed[end:]


def _bound_to(header: bytes, row_id: UUID, field: str) -> bytes:
    return header + row_id.bytes + field.encode()
