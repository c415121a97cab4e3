"""Directory (名录): who and what exists in the district, as its own register says it.

Schools (学校), classes (行政班), pupils (学生), guardians (监护人) and staff (教职工), brought in from the district's
student information system as OneRoster 1.2 CSV bundles. The register is the source; this capability reads it, checks
every row, shows what would change before anything does, and never deletes: who is gone from the register is
deactivated, because history and a child in care outlive a register row. Being listed here enrolls nobody: a pupil
takes part only after a guardian has applied (INV-ENR-01).

The way of a bundle: `bundle.read_bundle` → `row_checks.check_rows` → `mapping.to_directory` → `changes.plan_changes`.
"""
