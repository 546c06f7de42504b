"""A photo's way through the stages; the one place that knows them all.

`Run` tells the story (run.py): `examine` takes a photo from found to decided, `pack` and `send` from decided to
proven, `finish` from proven to removed. `context` opens what they work with, `renew` keeps the register current, and
`events` is what is told of it. Beside the run: `review` (a person's word), `explain`, `status`, `doctor`, `enrol`,
`untag`.
"""
