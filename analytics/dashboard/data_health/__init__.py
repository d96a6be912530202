"""The page that says whether the data is all there: ledger, refused events and their replay, stages, last receipts."""
