"""The first picture of a new process, of the function as it is packed: its browser is unpacked, started and used once.

`python -m benchmarks.capture.ours.cold BEGUN URL FILE`: BEGUN is the machine's monotonic clock when it was started.
"""

import json
import sys
import time

if __name__ == "__main__":
    begun, url, file = sys.argv[1:]
    from benchmarks.capture.ours import warm  # imports the function, which is a part of a cold start

    stages = warm.take(url, file)
    print(json.dumps({"s": time.monotonic() - float(begun), "stages": stages}), flush=True)
