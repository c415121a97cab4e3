"""Open a OneRoster bundle: ZIP, manifest, headers, rows as text. Whatever is wrong here breaks the bundle.

Rows are only taken apart here, not judged; that is `row_checks.py`.
"""

import csv
import io
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.enrollment.directory.one_roster import (
    COLUMNS,
    FILE_PROPERTIES,
    FILES,
    MODES,
    NEVER_TAKEN,
    OPTIONAL_PROPERTIES,
    VERSIONS,
    Mode,
)
from services.enrollment.directory.problems import BrokenBundle, Problem

UNPACKED_LIMIT = 64 * 1024 * 1024
"""Bytes of all files together; some hundred thousand users fit."""

MANIFEST = "manifest"
ENCODINGS = ("utf-8-sig", "gb18030")
PLAIN_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED_FLAG = 0x1

ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, OverflowError, RuntimeError, ValueError)
"""What the standard library raises for damaged archives, found by mutating good ones."""


@dataclass(frozen=True, eq=False)
class Row:
    """One line of a file. `values` has the standard's columns less NEVER_TAKEN; `cells` is how many the line had.

    Rows compare by identity: two lines that say the same are still two lines.
    """

    file: str
    line: int
    values: Mapping[str, str]
    cells: int
    well_formed: bool

    def __getitem__(self, column: str) -> str:
        return self.values[column]


@dataclass(frozen=True)
class Bundle:
    """A bundle whose frame holds; `modes` has all 21 files, `rows` those that were opened."""

    modes: Mapping[str, Mode]
    rows: Mapping[str, tuple[Row, ...]]


def read_bundle(data: bytes) -> Bundle:
    """Read a ZIP of OneRoster 1.2 CSV files; raises BrokenBundle, with every fault that could be seen at once."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except ZIP_FAULTS:
        raise BrokenBundle([Problem("", 0, "", "not_a_zip")]) from None
    with archive:
        members = archive.infolist()
        _refuse(_member_problems(members))
        present = {member.filename.removesuffix(".csv") for member in members}
        if MANIFEST not in present:
            raise BrokenBundle([Problem(MANIFEST, 0, "", "manifest_missing")])
        modes = _read_manifest(_records(archive, MANIFEST))
        _refuse(_agreement_problems(modes, present))
        wanted = [file for file in COLUMNS if modes[file] != "absent"]
        records = {file: _records(archive, file) for file in wanted}
    _refuse(problem for file in wanted for problem in _header_problems(file, records[file]))
    return Bundle(modes, {file: tuple(_rows(file, records[file])) for file in wanted})


def _refuse(problems: Iterator[Problem]) -> None:
    found = list(problems)
    if found:
        raise BrokenBundle(found)


def _member_problems(members: list[zipfile.ZipInfo]) -> Iterator[Problem]:
    known = {f"{name}.csv" for name in (*FILES, MANIFEST)}
    if sum(member.file_size for member in members) > UNPACKED_LIMIT:
        yield Problem("", 0, "", "too_large", str(UNPACKED_LIMIT))
    for name, times in Counter(member.filename for member in members).items():
        if "/" in name or "\\" in name:
            yield Problem(name[:80], 0, "", "path_in_name")
        elif name not in known:
            yield Problem(name[:80], 0, "", "unknown_file")
        elif times > 1:
            yield Problem(name.removesuffix(".csv"), 0, "", "duplicate_file")
    for member in members:
        if member.compress_type not in PLAIN_METHODS or member.flag_bits & ENCRYPTED_FLAG:
            yield Problem(member.filename[:80], 0, "", "packing_unsupported")


Record = tuple[int, list[str]]


def _records(archive: zipfile.ZipFile, file: str) -> list[Record]:
    """The records of a file, each with the number of its first line; empty lines say nothing and are passed over."""
    reader = csv.reader(io.StringIO(_decode(file, _unpack(archive, file)), newline=""), strict=True)
    records, line = [], 1
    try:
        for cells in reader:
            if cells:
                records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error:
        raise BrokenBundle([Problem(file, line, "", "not_csv")]) from None
    return records


def _unpack(archive: zipfile.ZipFile, file: str) -> bytes:
    """Asks for one byte more than the directory of the ZIP promises: a bomb that lies is never inflated further."""
    member = archive.getinfo(f"{file}.csv")
    try:
        with archive.open(member) as packed:
            return packed.read(member.file_size + 1)
    except ZIP_FAULTS:
        raise BrokenBundle([Problem(file, 0, "", "file_damaged")]) from None


def _decode(file: str, raw: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BrokenBundle([Problem(file, 0, "", "not_decodable")])


def _read_manifest(records: list[Record]) -> Mapping[str, Mode]:
    if not records or records[0][1] != ["propertyName", "value"]:
        found = ",".join(records[0][1]) if records else ""
        raise BrokenBundle([Problem(MANIFEST, 1, "propertyName,value", "header_wrong", found[:80])])
    stated: dict[str, str] = {}
    problems = []
    for line, cells in records[1:]:
        name, value = (*cells, "")[:2]
        stated_before = name in stated
        stated.setdefault(name, value)
        code = "property_duplicate" if stated_before else _property_fault(name, value, len(cells))
        if code:
            problems.append(Problem(MANIFEST, line, name[:80], code, value[:80]))
    missing = [name for name in (*VERSIONS, *FILE_PROPERTIES) if name not in stated]
    _refuse(iter(problems + [Problem(MANIFEST, 0, name, "property_missing") for name in missing]))
    return {file: MODES[stated[name]] for name, file in FILE_PROPERTIES.items()}


def _property_fault(name: str, value: str, cells: int) -> str | None:
    if cells != 2:
        return "not_csv"
    if name in VERSIONS:
        return None if value == VERSIONS[name] else "version_unsupported"
    if name in FILE_PROPERTIES:
        return None if value in MODES else "mode_unknown"
    return None if name in OPTIONAL_PROPERTIES else "property_unknown"


def _agreement_problems(modes: Mapping[str, Mode], present: set[str]) -> Iterator[Problem]:
    for file, mode in modes.items():
        if mode == "absent" and file in present:
            yield Problem(file, 0, "", "present_but_absent")
        if mode != "absent" and file not in present:
            yield Problem(file, 0, "", "listed_but_missing")


def _header_problems(file: str, records: list[Record]) -> Iterator[Problem]:
    """At most one: the first column that differs, since all behind it are shifted."""
    expected = [column.name for column in COLUMNS[file]]
    header = records[0][1] if records else []
    for place, name in enumerate(expected):
        found = header[place] if place < len(header) else ""
        if found != name:
            yield Problem(file, 1, name, "header_wrong", found[:80])
            return
    extras = header[len(expected) :]
    for name in extras:
        if not name.startswith("metadata.") or extras.count(name) > 1:
            yield Problem(file, 1, "metadata.*", "header_wrong", name[:80])
            return


def _rows(file: str, records: list[Record]) -> Iterator[Row]:
    width = len(records[0][1])
    names = [column.name for column in COLUMNS[file]]
    for line, cells in records[1:]:
        padded = cells + [""] * (len(names) - len(cells))
        values = {name: cell for name, cell in zip(names, padded, strict=False) if name not in NEVER_TAKEN}
        yield Row(file, line, values, len(cells), well_formed=len(cells) == width)
