"""How fast events are delivered, what that costs, and how others do on the same work: `make bench-delivery`."""
