"""Everything finance stores. Postings and their entries are the only truth of money: a balance is a fold of them."""

from services.finance.tables.fees import (
    FeePublication,
    FeeStandard,
    GatewayReceipt,
    Invoice,
    InvoiceLine,
    Payment,
    Refund,
    Waiver,
)
from services.finance.tables.heard import (
    Contract,
    GuardianLink,
    HeldSession,
    Item,
    Participation,
    ProviderContract,
    Pupil,
    ServiceRecord,
    Standing,
)
from services.finance.tables.metadata import Tables, TermRow
from services.finance.tables.money import (
    Book,
    Entry,
    Expenditure,
    Posting,
    ProviderSettlement,
    Statement,
    SubsidyClaim,
    published_statements,
)
from services.finance.tables.pay import Payee, PayLine, PayRun, RateTable
