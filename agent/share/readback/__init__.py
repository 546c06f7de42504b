"""Reading back what was sent, right behind the server's confirmations and where possible over connections of its own.

Requests to read would wait behind megabytes of writes on the same connection while the way down is idle. And one Python
process can use only one processor core, so on a fast network two processes prove about as fast as one sends. `reader`
reads over connections of its own process, `process` starts and asks another process, which is `serve`, and `choosing`
decides when which is worth it.
"""
