"""A photo's way through the stages; the one place that knows them all.

`Run` tells the story (run.py): `examine` takes a photo from found to decided, `pack` and `send` from decided to proven,
`finish` from proven to removed. `context` opens the stages, `renew` reads the register again, and `events` reports each
step. Other modules serve a person rather than a run: `review` (answers), `explain`, `status`, `doctor`, `enrol`,
`untag`.
"""
