"""How a decision is given and shown; each capability has doors of its own for its decisions."""

import marshmallow as ma


class DecisionEvidence(ma.Schema):
    """Where the evidence of a decision is kept."""

    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


class DecisionOut(ma.Schema):
    """What was decided, by whom, on which evidence."""

    action = ma.fields.String()
    decided_by = ma.fields.String()
    evidence_ref = ma.fields.String()
    created_at = ma.fields.AwareDateTime()


class DecisionsOut(ma.Schema):
    """Every decision about one thing, in order."""

    items = ma.fields.List(ma.fields.Nested(DecisionOut), required=True)
