"""Have an event raised later, over HTTP: `python examples/schedule_event.py URL LIST TIME`, with the event on stdin.

It needs boto3, and credentials of a role that may call the API.
"""

import json
import sys
from typing import Any

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

SESSION = boto3.Session()


def call(method: str, url: str, body: Any = None, **headers: str) -> Any:
    """What the API answers; headers by their names with underscores."""
    sent = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = AWSRequest(method, url, data=json.dumps(body).encode() if body is not None else None, headers=sent)
    SigV4Auth(SESSION.get_credentials(), "execute-api", SESSION.region_name).add_auth(request)
    answer = urllib3.request(method, url, body=request.data, headers=dict(request.headers.items()), timeout=30)
    if answer.status not in (200, 201):
        problem = answer.json()
        raise SystemExit(f"{answer.status} {problem.get('title', '')}: {problem.get('detail') or problem}")
    return answer.json()


if __name__ == "__main__":
    url, mail_list, at = sys.argv[1:]
    event = json.load(sys.stdin)
    wanted = {"rule": {"at": at}, "target": {"list": mail_list}, "body": event}
    # The same key makes the same schedule, however often this is run.
    made = call("POST", f"{url}/schedules", wanted, idempotency_key=f"{mail_list}-{event['ticker']}-{at}")
    print(made["id"], made["state"], made["next_at"])
