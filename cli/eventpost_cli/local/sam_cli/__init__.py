"""SAM CLI kept warm: what runs inside its own interpreter, and what speaks to it."""
