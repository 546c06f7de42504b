"""The terms that every stage shares. Values only: nothing here reads a file, a clock or the network.

One module a story, in the order of a photo's way: `ids`, `files`, `times`, `capture`, `register`, `decision`,
`delivery`, `proof`, `removal`. Each is imported by its name.
"""
