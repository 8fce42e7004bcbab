"""Takes the first picture, so that the browser of the capture function runs before an event asks for one."""

import json
from typing import Any


def take_first_picture(functions: Any, capture_function: str, page: str) -> None:
    """Have the capture function photograph a page of this machine.

    What it answers does not matter here: a browser that cannot start says so in the log, and to the first event.
    """
    request = {
        "url": page,
        "key": "captures/warming/first.png",
        "selector": None,
        "viewport": {"width": 320, "height": 240},
        "full_page": False,
        "scale": 1,
        "image_format": "png",
        "quality": None,
        "deadline_s": 20,
    }
    functions.invoke(FunctionName=capture_function, Payload=json.dumps(request))
