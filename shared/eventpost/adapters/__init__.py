"""The world, as the ports want it: one module for each thing outside, plus `memory` for tests and simulations."""
