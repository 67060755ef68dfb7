"""Has a child that hangs: `python -m tests.workers.caller`; prints the ids of the fork server and the child."""

import threading

from bakeoff_core.jobs.isolation import call, fork_server

if __name__ == "__main__":
    context = fork_server(["tests.workers.tasks"])
    _, server = call(context, "tests.workers.tasks:process_ids")
    hung = threading.Thread(target=call, args=(context, "tests.workers.tasks:sleep", 600))
    hung.start()
    print(server, flush=True)
    hung.join()
