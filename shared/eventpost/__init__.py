"""Eventpost: an event on a list's queue becomes everyone's own mail.

The floors, from the ground up: errors, model, lists, ports, then compose, links and settings,
then adapters and deliver, then wiring, then runtime. Imports point down only.
"""
