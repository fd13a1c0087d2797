"""Random typed queries, grown from the function registry and the tables of `tables.py`, and the judges of answers.

`expressions.py` and `queries.py` make the texts, `judges.py` runs and judges them in this process: no internal error,
no foreign text, no hang; the same rows with each optimizer rule off and on, divided by a condition, counted two ways;
values of the announced types (`values.py`). A finding is told with the number that makes it again, and ends in
`tests/sql/findings/` with the answer of a real Trino.
"""
