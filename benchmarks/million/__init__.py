"""A million subscribers through the real slicing and delivery code, in virtual time."""
