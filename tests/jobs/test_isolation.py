"""Fresh processes: results, failures, sudden deaths, and nothing left when the parent dies."""

import os
import subprocess
import sys
from multiprocessing.context import BaseContext

import psutil
import pytest

from bakeoff_core.jobs.isolation import ChildFailure, call, fork_server
from tests.support.places import ROOT
from tests.support.processes import is_alive, wait_until

TASKS = "tests.workers.tasks"


@pytest.fixture(scope="module")
def context() -> BaseContext:
    """A fork server without torch: these tests are about processes."""
    return fork_server([TASKS])


def test_a_task_gives_its_result(context: BaseContext) -> None:
    assert call(context, f"{TASKS}:add", 2, 3) == 5


def test_every_call_has_a_process_of_its_own_that_is_gone_afterwards(context: BaseContext) -> None:
    (first, server), (second, same_server) = (call(context, f"{TASKS}:process_ids") for _ in range(2))
    assert first != second
    assert server == same_server != os.getpid()
    assert not is_alive(first)
    assert not is_alive(second)


def test_an_exception_is_a_failure_in_the_words_of_the_tasks_module(context: BaseContext) -> None:
    with pytest.raises(ChildFailure) as caught:
        call(context, f"{TASKS}:fail", "no luck")
    assert str(caught.value) == "It failed: no luck"
    assert "ValueError: no luck" in caught.value.details
    assert "in fail" in caught.value.details


def test_without_such_words_the_exception_speaks_for_itself(context: BaseContext) -> None:
    with pytest.raises(ChildFailure) as caught:
        call(context, "os:listdir", "/no/such/folder")
    assert str(caught.value) == "[Errno 2] No such file or directory: '/no/such/folder'"


def test_a_module_that_cannot_be_imported_is_a_failure_with_its_reason(context: BaseContext) -> None:
    with pytest.raises(ChildFailure, match="No module named 'tests.workers.nothing'"):
        call(context, "tests.workers.nothing:at_all")


def test_a_result_that_cannot_be_sent_is_a_failure(context: BaseContext) -> None:
    with pytest.raises(ChildFailure, match="It failed: .*pickle"):
        call(context, f"{TASKS}:unpicklable")


def test_a_sudden_end_is_a_failure_with_the_exit_code(context: BaseContext) -> None:
    with pytest.raises(ChildFailure) as caught:
        call(context, f"{TASKS}:exit_suddenly", 3)
    assert str(caught.value) == "The process that ran the model died (exit code 3). The job's log may say more."


def test_a_process_killed_from_outside_most_likely_ran_out_of_memory(context: BaseContext) -> None:
    with pytest.raises(ChildFailure) as caught:
        call(context, f"{TASKS}:be_killed")
    assert str(caught.value) == (
        "Killed by the system while it ran, most likely because memory ran out. Try a smaller batch or image size."
    )


def test_a_task_that_hangs_is_ended_and_timed_out(context: BaseContext) -> None:
    call(context, f"{TASKS}:add", 0, 0)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(ChildFailure, match=r"^Timed out: no result within 1 seconds\.$"):
        call(context, f"{TASKS}:sleep", 600, timeout_s=1)
    assert wait_until(lambda: {child.pid for child in psutil.Process().children(recursive=True)} <= before)


def test_after_a_failure_the_next_task_runs(context: BaseContext) -> None:
    with pytest.raises(ChildFailure):
        call(context, f"{TASKS}:be_killed")
    assert call(context, f"{TASKS}:add", 1, 1) == 2


def test_where_no_process_can_be_started_the_failure_says_so() -> None:
    class Refusing:
        """A context whose system has no process to give."""

        def __init__(self, context: BaseContext) -> None:
            self.Pipe = context.Pipe

        def Process(self, **kwargs: object) -> "Refusing":  # noqa: N802  (multiprocessing's name)
            return self

        def start(self) -> None:
            raise BlockingIOError(11, "Resource temporarily unavailable")

    with pytest.raises(ChildFailure, match="No process could be started"):
        call(Refusing(fork_server([])), f"{TASKS}:add", 1, 1)


def test_when_the_parent_is_killed_neither_child_nor_fork_server_stays() -> None:
    caller = subprocess.Popen([sys.executable, "-m", "tests.workers.caller"], cwd=ROOT, stdout=subprocess.PIPE)
    with caller:
        server = psutil.Process(int(caller.stdout.readline()))
        assert wait_until(server.children)
        family = [server, *server.children()]
        assert all(process.is_running() for process in family)
        caller.kill()
    assert wait_until(lambda: not any(is_alive(process.pid) for process in family))
