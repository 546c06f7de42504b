"""The record as tables: what is proven on a share, for questions over many devices, months and schools.

`tables` says what the columns are, `building` fills them from the share, `parquet` keeps them in a folder that DuckDB
asks, `clickhouse` in a server of a trust; `queries` are the questions, the same for both. An index can be thrown away
at any time: the records are the truth.
"""

from agent.audit.index.building import Built, build, open_store
from agent.audit.index.queries import QUERIES, Answer
from agent.audit.index.store import Store

__all__ = ["QUERIES", "Answer", "Built", "Store", "build", "open_store"]
