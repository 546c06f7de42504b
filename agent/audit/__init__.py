"""IT's side of the record: proving copies of it whole, watching them grow, and showing what they say.

`evidence` is what there is of one device, `verify` proves it whole or says in its `report` what is wrong with it,
`witness` remembers what was seen of it. `show` turns entries into rows, CSV and JSON; `visits` sums up a visit.
"""
