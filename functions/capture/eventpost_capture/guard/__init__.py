"""The guard: a forward proxy of our own, the browser's only way out, and a new one for every shot.

The browser cannot be asked where it goes: what intercepts its requests does not see all redirects, WebSockets, workers
or WebRTC. So it is left with one door, and the say is had at the door. One module for each idea: `addresses` says which
are public, `names` looks each host up once a shot, `rules` admits and pins, `door` listens, `heads` reads HTTP
strictly, `exchange` passes one plain request on, `streams` the bytes, `allowance` counts them, `report` remembers what
was refused, and `flags` closes the browser's other ways out.
"""

from eventpost_capture.guard.door import Door, Guard
from eventpost_capture.guard.names import LookUp

__all__ = ["Door", "Guard", "LookUp"]
