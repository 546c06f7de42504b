"""Reading back what was sent, close behind the server's confirmations and if possible over separate connections.

On the same connection, requests to read would wait behind megabytes of writes while the way down is idle. `reader`
reads over a connection, and `choosing` decides over which.
"""
