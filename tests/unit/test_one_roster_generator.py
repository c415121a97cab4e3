"""The generated district can be trusted by the tests and the demo that stand on it."""

import re
import time
from collections import Counter
from datetime import date

from tests.builders.rostering import TERM, bundle, check_digit, student_number, tables


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert bundle(3, pupils=90) == bundle(3, pupils=90) != bundle(4, pupils=90)


def test_1800_pupils_take_less_than_two_seconds() -> None:
    begun = time.perf_counter()
    bundle(1)
    assert time.perf_counter() - begun < 2


def test_the_check_digit_is_that_of_the_standard_s_example() -> None:
    assert check_digit("11010519491231002") == "X"
    assert student_number(date(2019, 9, 1), 7)[:-1] == "G41060020190901007"


def test_the_district_looks_like_one() -> None:
    rows = tables(2, schools=3, pupils=1800, district_name="鹤壁市", **TERM)
    pupils = [row for row in rows["users"] if row["sourcedId"].startswith("p-")]
    adults = [row for row in rows["users"] if not row["sourcedId"].startswith("p-")]
    assert all(re.fullmatch(r"\{xueji:G410600\d{11}[\dX]\}", row["userIds"]) for row in pupils)
    assert len({row["userIds"] for row in pupils}) == len(pupils)
    assert all(re.fullmatch(r"1380000\d{4}", row["sms"]) for row in adults)
    assert len({row["sms"] for row in adults}) == len(adults)
    sizes = Counter(row["classSourcedId"] for row in rows["enrollments"] if row["role"] == "student").values()
    assert min(sizes) >= 30 and max(sizes) <= 50
    guardians = Counter(len(row["agentSourcedIds"].split(",")) for row in pupils)
    assert guardians[2] > 4 * guardians[1] > 0
    children = Counter(agent for row in pupils for agent in row["agentSourcedIds"].split(","))
    assert sum(number > 1 for number in children.values()) > 50
    offices = Counter(row["role"] for row in rows["roles"])
    assert (offices["principal"], offices["siteAdministrator"]) == (3, 3)
    assert any(row["userSourcedId"].startswith("t-") and row["role"] == "parent" for row in rows["roles"])
