"""What the end-to-end tests share: processes, clients, the independent backend and the ledger oracle."""
