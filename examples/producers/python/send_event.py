"""Raise an event: `python send_event.py QUEUE EVENT_ID < event.json`."""

import sys

import boto3

queue, event_id = sys.argv[1:]
sqs = boto3.client("sqs")
queue_url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
attributes = {"event_id": {"DataType": "String", "StringValue": event_id}}
sqs.send_message(QueueUrl=queue_url, MessageBody=sys.stdin.read(), MessageAttributes=attributes)
