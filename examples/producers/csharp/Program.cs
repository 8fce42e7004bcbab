// Raise an event: dotnet run -- QUEUE EVENT_ID < event.json

using Amazon.SQS;
using Amazon.SQS.Model;

using var sqs = new AmazonSQSClient();
var queue = await sqs.GetQueueUrlAsync(args[0]);
var eventId = new MessageAttributeValue { DataType = "String", StringValue = args[1] };
await sqs.SendMessageAsync(new SendMessageRequest
{
    QueueUrl = queue.QueueUrl,
    MessageBody = await Console.In.ReadToEndAsync(),
    MessageAttributes = new Dictionary<string, MessageAttributeValue> { ["event_id"] = eventId },
});
