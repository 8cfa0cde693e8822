"""The governor, which admits requests, and the ledger, which accounts for every token."""
