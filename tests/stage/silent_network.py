"""Run in a network namespace of its own: calls on a connection on which nothing is acknowledged any more.

Writes how the first such call ended, after how many seconds, and how long the first one took once the network was back.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc

from eventpost.adapters.firestore_channel import plain_channel


def loopback(state: str) -> None:
    """Take the only interface up or down."""
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


def main() -> None:
    """Measure."""
    loopback("up")
    answer = grpc.unary_unary_rpc_method_handler(lambda *_: b"here")
    server = grpc.server(ThreadPoolExecutor(2), [grpc.method_handlers_generic_handler("silent", {"Ask": answer})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    channel = plain_channel(f"127.0.0.1:{port}")
    ask = channel.unary_unary("/silent/Ask")
    ask(b"", timeout=5)
    loopback("down")
    started = time.monotonic()
    try:
        ask(b"", timeout=10)
        code = "answered"
    except grpc.RpcError as error:
        code = error.code().name
    silent = time.monotonic() - started
    loopback("up")
    started = time.monotonic()
    ask(b"", timeout=10, wait_for_ready=True)
    sys.stdout.write(f"{code} {silent:.2f} {time.monotonic() - started:.2f}")
    channel.close()
    server.stop(None)


if __name__ == "__main__":
    main()
