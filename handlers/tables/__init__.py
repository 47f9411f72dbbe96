"""Reading tables of strangers with DuckDB. Imports nothing heavy; `duck` does."""
