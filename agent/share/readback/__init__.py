"""Reading back what was sent, as far behind the writing as its confirmation, where it can be on connections of its own.

Requests to read would wait behind megabytes of writes on the same connection while the way down is idle; and one Python
process can use one processor core for what travels, so that on a fast network two prove about as fast as one sends.
`reader` does the reading over connections of its process; `process` has it done by another process, which is `serve`;
`choosing` tells when which is worth it.
"""
