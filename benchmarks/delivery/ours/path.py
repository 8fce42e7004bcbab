"""The whole path of a delivery, from the event handed to the function to the last slice finished.

Measured is what the function does. Receiving from the queue and deleting there is Lambda's part.
"""

from benchmarks.delivery import audiences
from benchmarks.delivery.ours.aws_calls import Recorder
from benchmarks.delivery.ours.deployment import Deployment
from benchmarks.delivery.sink import Sink
from benchmarks.delivery.stopwatch import Job, Stopwatch, tell
from benchmarks.delivery.usage import usage_of


def main() -> None:
    """Deliver one event to the topic of two thousand."""
    job = Job.given()
    deployment = Deployment(job)
    recorder = Recorder()
    deployment.warm_up()
    Sink.zero_at(job.port)
    recorder.calls.clear()
    watch, invocations = Stopwatch(), 1
    with watch:
        deployment.invoke(deployment.event(audiences.PATH))
    for slice_ in deployment.waiting():
        invocations += 1
        with watch:
            deployment.invoke(slice_)
    tell(watch, invocations=invocations, **usage_of(recorder.calls))


if __name__ == "__main__":
    main()
