"""From the event handed to a warm function to the first mail at the sink, for a small and for a large audience."""

import json
import time
from itertools import product

from benchmarks.delivery import audiences
from benchmarks.delivery.ours.deployment import Deployment
from benchmarks.delivery.sink import Sink
from benchmarks.delivery.stopwatch import Job

TIMES = 5


def main() -> None:
    """Raise some events for both, taking turns."""
    job = Job.given()
    deployment = Deployment(job)
    deployment.warm_up()
    taken: dict[str, list[float]] = {audiences.SMALL: [], audiences.LARGE: []}
    for _, topic in product(range(TIMES), taken):
        Sink.zero_at(job.port)
        event = deployment.event(topic)
        begun = time.monotonic_ns()
        deployment.invoke(event)
        taken[topic].append((Sink.counts_at(job.port).first_ns - begun) / 1e9)
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
