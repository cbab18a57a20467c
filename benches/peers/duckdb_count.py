"""Counts the rows of a CSV file with DuckDB's reader, on two threads, with every cell read as text."""

import sys

import duckdb

connection = duckdb.connect(config={"threads": 2})
read = connection.read_csv(sys.argv[1], all_varchar=True, header=True, quotechar='"', escapechar='"')
# Every cell is looked at, so that the reader cannot skip any.
lengths = ", ".join(f'max(strlen("{name}"))' for name in read.columns)
print(connection.sql(f"select count(*), {lengths} from read").fetchall())
