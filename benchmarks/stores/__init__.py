"""DynamoDB and Firestore side by side: an audience read, joins, leaves, and what they cost: `make bench-stores`."""
