"""Reading back what was sent, as far behind the writing as its confirmation: on connections, and where it can be in a
process, of its own.

Requests to read would wait behind megabytes of writes on the same connection while the way down is idle; and one Python
process can use one processor core for what travels, so two of them prove about as fast as one sends. `reader` does the
reading over the connections of its process; `process` has it done by another process, which is `serve`.
"""
