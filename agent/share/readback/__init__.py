"""Reading back what was sent, right behind the server's confirmations and where possible over connections of its own.

Requests to read would wait behind megabytes of writes on the same connection while the way down is idle. `reader` reads
over a connection, and `choosing` decides over which.
"""
