"""What becomes of a run of the tests in several processes if one of the processes dies.

pytest-timeout can end a test on Windows only by ending its process. xdist 3.8 then gives the other processes what the
dead one had done already, and its successor too little; they wait for more, and the run never ends
(https://github.com/pytest-dev/pytest-xdist/issues/1378 and 1327). Here the test that was running has failed, and the
rest goes on.
"""

from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController


class Rest(LoadGroupScheduling):
    """xdist's `--dist loadgroup`, in which only what the dead process had not done is given to others."""

    def remove_node(self, node: WorkerController) -> str | None:
        """See xdist. The test that was running is not tried again: it would end one process after the other."""
        left = {scope: tests for scope, tests in self.assigned_work.pop(node).items() if not all(tests.values())}
        if not left:
            return None
        scope, tests = next(iter(left.items()))
        running = next(test for test, done in tests.items() if not done)
        tests[running] = True
        if all(tests.values()):
            del left[scope]
        self.workqueue.update(left)
        for other in self.assigned_work:
            self._reschedule(other)
        return running

    def schedule(self) -> None:
        """See xdist. A new process needs two tests at first: it begins one when it knows the next."""
        later = self.collection is not None
        super().schedule()
        if later:
            super().schedule()
