"""`python -m dcf_engine`: value every company, serve the reports, raise one event per company."""

import argparse
from contextlib import suppress
from threading import Event

from dcf_engine.events import raise_event
from dcf_engine.server import serve_reports
from dcf_engine.valuation import value_all

_PATIENCE = 120.0


def main() -> None:
    """Every company's event is raised, and its report was there as long as somebody may want to see it."""
    options = _options()
    valuations = value_all()
    with serve_reports(valuations, options.port) as reports, suppress(KeyboardInterrupt):
        for valuation in valuations:
            raise_event(options.queue_url, valuation, reports.url(valuation.ticker))
            print(f"{valuation.ticker:5} {valuation.fair_value:>9} {reports.url(valuation.ticker)}", flush=True)
        if options.stay:
            print("The reports stay up until Ctrl-C.", flush=True)
            Event().wait()
        # The events point at these pages: gone too early, there is nothing to take a screenshot of.
        reports.wait_until_read(_PATIENCE)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dcf_engine", description="Value five companies and raise an event for each.")
    parser.add_argument("--queue-url", required=True, help="the queue of the list dcf_engine_results")
    parser.add_argument("--port", type=int, default=0, help="where the reports are served; 0 is any free port")
    parser.add_argument("--stay", action="store_true", help="serve the reports until Ctrl-C, not until they were read")
    return parser.parse_args()


if __name__ == "__main__":
    main()
