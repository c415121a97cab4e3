"""A seeded district as OneRoster 1.2 CSV bundles, for tests and the demo: the same seed gives the same bytes.

Nobody in it exists. Phones are of the range 1380000xxxx; student numbers carry the region code 410600, under which no
identity card is issued, with a right check digit (GB 11643).
"""

import csv
import io
import random
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import NamedTuple

from services.enrollment.directory.one_roster import COLUMNS, FILES, VERSIONS

Rows = list[dict[str, str]]
Tables = dict[str, Rows]

EXTRA_CELL = "+"
"""A key for one cell too many, which no column has."""

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
BOYS, GIRLS = "浩宇轩博文杰睿明俊铭泽航子昊然嘉豪一诺景辰", "欣怡梓涵雨萱诗琪佳美思语若曦静雯婉清可馨芷悦"
MEN, WOMEN = "建国伟强军勇涛斌鹏辉志刚海波永亮", "丽芳娟敏静艳秀英玲燕红霞桂兰慧洁"
SCHOOL_NAMES = ("湘江", "淇滨", "福源", "黎阳", "朝歌", "明德", "长江", "兰苑", "山城", "鹤翔")
DIGITS = "〇一二三四五六七八九"

PUPILS_PER_CLASS = 40
PRIMARY_GRADES, JUNIOR_GRADES = range(1, 7), range(7, 10)
SIBLING_SHARE, SECOND_GUARDIAN_SHARE, TEACHING_PARENT_SHARE = 0.1, 0.85, 0.002


@dataclass
class _District:
    """What the rows of one district are written into, with the counters that make ids and phones."""

    chance: random.Random
    school_year: int
    tables: Tables = field(default_factory=lambda: {file: [] for file in COLUMNS})
    numbers: Iterator[int] = field(default_factory=count)
    pupils_born: Counter[date] = field(default_factory=Counter)
    teaching_parents: set[str] = field(default_factory=set)

    def add(self, file: str, source_id: str, **cells: str) -> str:
        self.tables[file].append({"sourcedId": source_id, **cells})
        return source_id

    def add_person(self, prefix: str, names: tuple[str, str], school: str, role: str, **cells: str) -> str:
        """A user with a primary role at the school; all but pupils have a phone."""
        number = next(self.numbers)
        one = f"{prefix}-{number:06}"
        family_name, given_name = names
        if prefix != "p":
            cells["sms"] = f"1380000{number % 10_000:04}"
        self.add("users", one, enabledUser="true", username=one, familyName=family_name, givenName=given_name, **cells)
        self.add_role(one, school, role, "primary")
        return one

    def add_role(self, person: str, org: str, role: str, kind: str) -> None:
        self.add("roles", f"r-{person}-{role}", userSourcedId=person, roleType=kind, role=role, orgSourcedId=org)

    def given(self, characters: str) -> str:
        return "".join(self.chance.sample(characters, self.chance.choice((1, 2, 2, 2))))

    def enroll(self, person: str, class_id: str, school: str, role: str) -> None:
        cells = {"primary": "true" if role == "teacher" else "false", "userSourcedId": person}
        self.add(
            "enrollments", f"e-{class_id}-{person}", classSourcedId=class_id, schoolSourcedId=school, role=role, **cells
        )


class _Family(NamedTuple):
    surname: str
    guardians: tuple[str, ...]


def tables(seed: int, *, schools: int, pupils: int, district_name: str, start: date, end: date) -> Tables:
    """The rows of a whole district: primary schools, and a junior school as the last when there are several."""
    first_year = start.year if start.month >= 7 else start.year - 1
    district = _District(random.Random(seed), first_year)
    district.add("orgs", "d-1", name=f"{district_name}教育体育局", type="district", identifier="4106")
    year = {"startDate": f"{first_year}-09-01", "endDate": f"{first_year + 1}-08-31", "schoolYear": str(first_year + 1)}
    title = f"{first_year}-{first_year + 1}学年"
    district.add("academicSessions", "y-1", title=title, type="schoolYear", **year)
    half = "第一学期" if start.year == first_year else "第二学期"
    days = {"startDate": start.isoformat(), "endDate": end.isoformat(), "parentSourcedId": "y-1"}
    district.add("academicSessions", "t-1", title=title + half, type="semester", schoolYear=year["schoolYear"], **days)
    for number, share in enumerate(_shares(pupils, schools), start=1):
        _add_school(district, number, JUNIOR_GRADES if 1 < number == schools else PRIMARY_GRADES, share)
    return district.tables


def _shares(total: int, parts: int) -> list[int]:
    """As even as whole numbers go."""
    return [total * (part + 1) // parts - total * part // parts for part in range(parts)]


def _add_school(district: _District, number: int, grades: range, pupils: int) -> None:
    round_, place = divmod(number - 1, len(SCHOOL_NAMES))
    stage, campus = "中学" if 7 in grades else "小学", f"第{round_ + 1}校区" if round_ else ""
    cells = {"name": f"{SCHOOL_NAMES[place]}{stage}{campus}", "identifier": f"41060{number:05}"}
    school = district.add("orgs", f"s-{number:02}", type="school", parentSourcedId="d-1", **cells)
    course = district.add("courses", f"k-{number:02}", title="行政班", orgSourcedId=school)
    for prefix, role in (("h", "principal"), ("a", "siteAdministrator")):
        district.add_person(prefix, _adult(district), school, role)
    families: list[_Family] = []
    for grade, share in zip(grades, _shares(pupils, len(grades)), strict=True):
        for index, size in enumerate(_shares(share, max(1, round(share / PUPILS_PER_CLASS))), start=1):
            class_id = f"c-{number:02}-{grade}-{index:02}"
            title = f"{DIGITS[grade]}年级{index}班"
            cells = {"title": title, "grades": f"{grade:02}", "classType": "homeroom", "courseSourcedId": course}
            district.add("classes", class_id, schoolSourcedId=school, termSourcedIds="t-1", **cells)
            _fill_class(district, school, class_id, grade, size, families)


def _fill_class(
    district: _District, school: str, class_id: str, grade: int, size: int, families: list[_Family]
) -> None:
    """A class teacher, and pupils of new families or of those that already have a child at the school."""
    names = _adult(district)
    teacher = district.add_person("t", names, school, "teacher")
    district.enroll(teacher, class_id, school, "teacher")
    for _ in range(size):
        if families and district.chance.random() < SIBLING_SHARE:
            family = district.chance.choice(families)
        else:
            family = _new_family(district, school, (teacher, names[0]))
            families.append(family)
        pupil = _add_pupil(district, school, grade, family)
        district.enroll(pupil, class_id, school, "student")


def _adult(district: _District) -> tuple[str, str]:
    """Surname and given name."""
    return district.chance.choice(SURNAMES), district.given(district.chance.choice((MEN, WOMEN)))


def _add_pupil(district: _District, school: str, grade: int, family: _Family) -> str:
    given_name = district.given(district.chance.choice((BOYS, GIRLS)))
    birthday = date(district.school_year - 6 - grade, 9, 1) + timedelta(days=district.chance.randrange(365))
    number = student_number(birthday, district.pupils_born[birthday])
    district.pupils_born[birthday] += 1
    cells = {"userIds": f"{{xueji:{number}}}", "agentSourcedIds": ",".join(family.guardians)}
    return district.add_person("p", (family.surname, given_name), school, "student", grades=f"{grade:02}", **cells)


def _new_family(district: _District, school: str, class_teacher: tuple[str, str]) -> _Family:
    """One or two guardians; now and then one of them is the class teacher, who then holds two roles."""
    first, surname = class_teacher
    if first not in district.teaching_parents and district.chance.random() < TEACHING_PARENT_SHARE:
        district.teaching_parents.add(first)
        district.add_role(first, school, "parent", "secondary")
    else:
        surname = district.chance.choice(SURNAMES)
        first = district.add_person("g", (surname, district.given(MEN)), school, "parent")
    guardians: tuple[str, ...] = (first,)
    if district.chance.random() < SECOND_GUARDIAN_SHARE:
        mother = (district.chance.choice(SURNAMES), district.given(WOMEN))
        guardians += (district.add_person("g", mother, school, "parent"),)
    return _Family(surname, guardians)


CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_digit(first_17: str) -> str:
    """The last character of an 18-character citizen number (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, CHECK_WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def student_number(birthday: date, sequence: int) -> str:
    """A 学籍号: `G` and 18 characters; unique for up to 1,000 pupils of one birthday."""
    body = f"410600{birthday:%Y%m%d}{sequence:03}"
    return f"G{body}{check_digit(body)}"


def pack(
    rows: Mapping[str, Rows],
    mode: str = "bulk",
    *,
    encoding: str = "utf-8",
    manifest: Mapping[str, str | None] | None = None,
    headers: Mapping[str, str] | None = None,
    extra_files: Iterable[tuple[str, bytes]] = (),
) -> bytes:
    """A ZIP of these tables. The rest breaks it: `manifest` overrides properties (None removes one), `headers`
    replaces the header line of a file, and `extra_files` are added as they are."""
    properties: dict[str, str | None] = {**VERSIONS, "source.systemName": "演示学籍系统"}
    properties |= {f"file.{file}": mode if file in rows else "absent" for file in FILES} | dict(manifest or {})
    stated = [[name, value] for name, value in properties.items() if value is not None]
    files = [("manifest.csv", _csv([["propertyName", "value"], *stated], encoding))]
    for file, lines in rows.items():
        header = (headers or {}).get(file, ",".join(_header(file))).split(",")
        cells = [[row.get(name, "") for name in (*header, *row.keys() & {EXTRA_CELL})] for row in lines]
        files.append((f"{file}.csv", _csv([header, *cells], encoding)))
    return zipped([*files, *extra_files])


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A ZIP that depends on nothing but its contents: every file is of 1980."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _header(file: str) -> list[str]:
    return [column.name for column in COLUMNS[file]]


def _csv(lines: Iterable[list[str]], encoding: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode(encoding)


TERM = {"start": date(2026, 9, 1), "end": date(2027, 1, 22)}


def bundle(
    seed: int,
    *,
    schools: int = 3,
    pupils: int = 1800,
    district_name: str = "鹤壁市",
    start: date = TERM["start"],
    end: date = TERM["end"],
) -> bytes:
    """A valid bulk bundle of a whole district; `start` and `end` are the term's."""
    return pack(tables(seed, schools=schools, pupils=pupils, district_name=district_name, start=start, end=end))


class Planted(NamedTuple):
    """One wrong cell: the `nth` row of `file` whose id begins with `prefix` gets `value` in `column`."""

    file: str
    prefix: str
    column: str
    value: str
    nth: int = 0


ROW_ERRORS: Mapping[str, Planted] = {
    "cell_count_wrong": Planted("users", "p-", EXTRA_CELL, "x"),
    "line_break": Planted("users", "p-", "givenName", "子\n轩"),
    "value_missing": Planted("users", "p-", "familyName", " "),
    "guid_invalid": Planted("users", "p-", "sourcedId", "学生1"),
    "date_invalid": Planted("enrollments", "e-", "beginDate", "2026-02-30"),
    "datetime_invalid": Planted("users", "p-", "dateLastModified", "2026-09-01"),
    "year_invalid": Planted("academicSessions", "t-1", "schoolYear", "27"),
    "boolean_invalid": Planted("users", "p-", "enabledUser", "True"),
    "token_unknown": Planted("roles", "r-p-", "role", "pupil"),
    "list_item_empty": Planted("classes", "c-", "subjects", "语文,,数学"),
    "user_id_malformed": Planted("users", "p-", "userIds", "xueji:G1"),
    "blank_in_bulk": Planted("users", "p-", "status", "active"),
    "source_id_duplicate": Planted("roles", "r-a-", "sourcedId", "r-h-000000-principal"),
    "reference_unresolved": Planted("enrollments", "e-", "userSourcedId", "p-999999"),
    "reference_type_wrong": Planted("enrollments", "e-", "schoolSourcedId", "d-1"),
    "reference_quarantined": Planted("classes", "c-", "title", ""),
    "primary_role_duplicate": Planted("roles", "r-p-", "userSourcedId", "h-000000"),
    "homeroom_grade_wrong": Planted("classes", "c-", "grades", "10"),
}
"""A planted cell for every reason to hold a row back; all for bulk bundles but `datetime_invalid`."""


def bundle_with(errors: Iterable[str], *, seed: int = 1, schools: int = 1, pupils: int = 60) -> bytes:
    """A bulk bundle with the named ROW_ERRORS planted."""
    rows = tables(seed, schools=schools, pupils=pupils, district_name="鹤壁市", **TERM)
    for error in errors:
        plant(rows, ROW_ERRORS[error])
    return pack(rows)


def plant(rows: Mapping[str, Rows], wrong: Planted) -> None:
    """Write one wrong cell into the tables."""
    matching = [row for row in rows[wrong.file] if row["sourcedId"].startswith(wrong.prefix)]
    matching[wrong.nth][wrong.column] = wrong.value


def delta(rows: Mapping[str, Rows], *, modified: str = "2026-10-08T00:00:00.000Z") -> bytes:
    """A delta bundle of these rows; status is `active` unless a row says otherwise."""
    stamp = {"status": "active", "dateLastModified": modified}
    return pack({file: [stamp | row for row in lines] for file, lines in rows.items()}, "delta")
