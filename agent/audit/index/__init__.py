"""The record as tables: what is proven on a share, for queries over many devices, months and schools.

`tables` defines the columns, `building` fills them from the share, `parquet` stores them in a folder that DuckDB
queries, `clickhouse` in a trust's server; `queries` are the same for both. An index can be thrown away at any time: the
records are the truth.
"""

from agent.audit.index.building import Built, build, open_store
from agent.audit.index.queries import QUERIES, Answer
from agent.audit.index.store import Store

__all__ = ["QUERIES", "Answer", "Built", "Store", "build", "open_store"]
