"""What can be wrong with a OneRoster bundle, one code a kind of fault, in zh-CN and en.

The codes of BROKEN refuse a bundle whole; those of QUARANTINED hold back one row, and the rest goes on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BROKEN: Mapping[str, tuple[str, str]] = {
    "not_a_zip": ("不是可读取的 ZIP 文件。", "This is not a ZIP file that can be read."),
    "file_damaged": ("ZIP 中的该文件已损坏。", "The ZIP holds this file, but damaged."),
    "packing_unsupported": (
        "该文件已加密或使用了不支持的压缩方式。", "The file is encrypted or packed in a way that is not supported."),
    "too_large": ("解压后超过 {value} 字节的上限。", "Unpacked it is larger than {value} bytes."),
    "path_in_name": ("文件必须位于 ZIP 根目录。", "Files stand at the root of the ZIP, without a path."),
    "unknown_file": ("标准中没有此文件。", "The standard knows no such file."),
    "duplicate_file": ("ZIP 中该文件出现多次。", "The ZIP holds this file more than once."),
    "not_decodable": ("文件编码不是 UTF-8 或 GB18030。", "The text is neither UTF-8 nor GB18030."),
    "not_csv": ("文件不是规范的 CSV。", "The text is not well-formed CSV."),
    "manifest_missing": ("缺少 manifest.csv。", "There is no manifest.csv."),
    "property_unknown": ("清单中有未知属性“{field}”。", 'The manifest has an unknown property "{field}".'),
    "property_duplicate": ("清单属性“{field}”重复。", 'The manifest states "{field}" more than once.'),
    "property_missing": ("清单缺少属性“{field}”。", 'The manifest does not state "{field}".'),
    "version_unsupported": ("“{field}”的版本“{value}”不受支持。", 'Version "{value}" of "{field}" is not supported.'),
    "mode_unknown": ("“{field}”只能为 absent、bulk 或 delta。", '"{field}" is absent, bulk or delta, not "{value}".'),
    "listed_but_missing": ("清单列出了该文件,ZIP 中却没有。", "The manifest lists the file, the ZIP does not hold it."),
    "present_but_absent": ("清单标明无此文件,ZIP 中却有。", "The manifest calls the file absent, the ZIP holds it."),
    "header_wrong": ("表头应为“{field}”,实为“{value}”。", 'The header has "{value}" where "{field}" belongs.'),
}  # fmt: skip

QUARANTINED: Mapping[str, tuple[str, str]] = {
    "cell_count_wrong": ("单元格数量({value})与表头不符。", "The row has {value} cells, other than the header."),
    "line_break": ("“{field}”中含有换行。", '"{field}" holds a line break.'),
    "value_missing": ("“{field}”必填。", '"{field}" wants a value.'),
    "guid_invalid": ("“{field}”的标识“{value}”不合规。", '"{value}" in "{field}" is not a valid identifier.'),
    "date_invalid": ("“{field}”应为 YYYY-MM-DD 日期。", '"{field}" is a date YYYY-MM-DD, not "{value}".'),
    "datetime_invalid": (
        "“{field}”应为 UTC 时间 YYYY-MM-DDTHH:MM:SS.sssZ。",
        '"{field}" is a UTC time YYYY-MM-DDTHH:MM:SS.sssZ, not "{value}".'),
    "year_invalid": ("“{field}”应为四位年份。", '"{field}" is a year of four digits, not "{value}".'),
    "boolean_invalid": ("“{field}”只能为 true 或 false。", '"{field}" is true or false, not "{value}".'),
    "token_unknown": ("“{field}”的取值“{value}”不在词表中。", 'The vocabulary of "{field}" has no "{value}".'),
    "list_item_empty": ("“{field}”列表中有空项。", 'The list in "{field}" has an empty item.'),
    "user_id_malformed": (
        "“{field}”的每一项应写作 {{类型:编号}}。", 'Each item of "{field}" is written {{type:identifier}}.'),
    "blank_in_bulk": ("全量文件中“{field}”必须为空。", '"{field}" stays blank in a bulk file.'),
    "source_id_duplicate": ("标识“{value}”在该文件中重复。", 'The file has more than one row "{value}".'),
    "reference_unresolved": ("“{field}”引用的“{value}”不存在。", '"{field}" refers to "{value}", which is nowhere.'),
    "reference_type_wrong": (
        "“{field}”引用的“{value}”类型不符。", '"{field}" refers to "{value}", which is of another type.'),
    "reference_quarantined": (
        "“{field}”引用的“{value}”所在行有误,一并暂存。", '"{field}" refers to "{value}", whose own row is held back.'),
    "primary_role_duplicate": (
        "同一人在同一机构只能有一个主要角色。", "A person has at most one primary role at an organization."),
    "homeroom_grade_wrong": (
        "行政班须有且仅有一个 01–09 年级。", "A homeroom class has exactly one grade, of 01 to 09."),
}  # fmt: skip

SENTENCES = {**BROKEN, **QUARANTINED}
LANGUAGES = ("zh-CN", "en")


@dataclass(frozen=True)
class Problem:
    """One fault; `line` counts from 1 with the header, and is 0 where the fault is of the file or the bundle.

    `value` is the offending token, id or date, cut to 80 characters; it is never a name or a phone.
    """

    file: str
    line: int
    field: str
    code: str
    value: str | None = None

    def sentence(self, language: str = "zh-CN") -> str:
        """The fault for a reader; raises ValueError for a language that we do not have."""
        template = SENTENCES[self.code][LANGUAGES.index(language)]
        return template.format(field=self.field, value=self.value or "")


class BrokenBundle(Exception):
    """The bundle is refused whole: nothing of it can be trusted."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(", ".join(sorted({problem.code for problem in self.problems})))
