// Raise an event: node send-event.mjs QUEUE EVENT_ID < event.json

import { text } from "node:stream/consumers";
import { GetQueueUrlCommand, SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";

const [QueueName, eventId] = process.argv.slice(2);
const sqs = new SQSClient();
const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
const MessageAttributes = { event_id: { DataType: "String", StringValue: eventId } };
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: await text(process.stdin), MessageAttributes }));
