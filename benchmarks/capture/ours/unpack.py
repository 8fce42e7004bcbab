"""Unpacking the function's browser, nothing else: `python -m benchmarks.capture.ours.unpack BEGUN`.

BEGUN is the machine's monotonic clock when it was started.
"""

import json
import os
import sys
import time

if __name__ == "__main__":
    sys.path.insert(0, os.environ["BENCH_FUNCTION"])
    from eventpost_capture.unpack import unpack

    unpack()
    print(json.dumps({"s": time.monotonic() - float(sys.argv[1])}), flush=True)
