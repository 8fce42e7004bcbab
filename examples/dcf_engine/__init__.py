"""A small sample microservice: it values five companies, serves a report of each and raises an event for each.

It is written as a third party's service would be: all it knows of Eventpost is the address of one queue.
"""
