"""Pay runs (发放批次): accrued lines paid together; prepared, approved and paid by three different people."""
