"""Where a run's figures go: soak.json for programs, a table in docs/soak.md for people."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MEANS: Final = {
    "deliveries": "subscribers whom the mail reached",
    "refused": "subscribers whom the provider does not know; the ledger says `failed` and `550 5.1.1`",
    "lost": "neither of the two: **must be 0**",
    "wrongly_failed": "`failed` without being refused, or refused without being `failed`: must be 0",
    "unrecorded": "reached, but the ledger does not say `sent`: must be 0",
    "misdelivered": "mails to another address, or of another event: must be 0",
    "kills": "workers killed while they held a message",
    "kills_at_a_step": "of these, at a certain step",
    "stops": "workers stopped past their lease, and continued",
    "duplicates": "mails beyond the first to the same subscriber",
    "duplicates_by_kill": "of these, in doubt when a worker was killed",
    "duplicates_by_stop": "… when one was stopped past its lease",
    "duplicates_by_silence": "… because the provider took the mail and its answer was not heard",
    "duplicates_by_lost_record": "… when an invocation failed, since DynamoDB took no more",
    "duplicates_by_overrun": "… when an invocation took longer than Lambda allows, on a machine that was too busy",
    "duplicates_by_unexplained": "for no known cause: must be 0",
    "duplicates_at_most": "the most that one kill, stop or failed invocation led to; the bound is 32",
    "duplicates_over_bound": "beyond the bound, or unexplained: **must be 0**",
    "overdue": "invocations that took longer than they have on Lambda, though nobody had stopped them",
    "gaps_between_slices": "parts of the id space that no finished slice covers: must be 0",
    "dead_letters": "events and slices given up on, all of them replayed",
    "dead_letters_by_sqs": "of these, moved by SQS after five receives",
    "dead_letters_unexplained": "without a reason, and not for dead workers: must be 0",
    "left_on_queues": "messages on queue and dead letters at the end: must be 0",
    "leaks": "logs and dead letters with an address or a name in them: must be 0",
    "tokens_tried": "link tokens that were changed, or of another purpose",
    "tokens_accepted": "of these, taken for good: **must be 0**",
    "throttled_calls": "calls that DynamoDB refused, the SDK's second and third tries included",
    "unprocessed_batches": "batches that DynamoDB wrote a part of",
    "lost_answers": "calls that DynamoDB carried out, and answered with an error",
    "connections_dropped": "connections on which the provider hung up",
    "connections_stalled": "connections on which it fell silent, in the midst of a mail or after it",
    "temporary_refusals": "replies 421, 450, 451 and 454",
    "permanent_refusals": "replies 550",
    "slices_replayed": "slices put on the queue once more",
    "dead_letters_replayed": "dead letters put on the queue again",
    "events_raised": "how often the event was raised",
    "workers_started": "processes",
    "seconds": "of the run, without building and deploying",
}
_TABLE: Final = re.compile(r"(<!-- Written by make soak -->\n).*?(<!-- Until here -->)", re.DOTALL)


def write_results(figures: Mapping[str, int], file: Path) -> None:
    """Keep the figures, flat."""
    file.write_text(json.dumps(figures, indent=2) + "\n")


def write_table(figures: Mapping[str, int], document: Path) -> None:
    """Put the figures into the document, in place of the last ones."""
    rows = "".join(f"| `{name}` | {value:,} | {MEANS[name]} |\n" for name, value in figures.items())
    table = f"\n| figure | | |\n|---|---:|---|\n{rows}\n"
    document.write_text(_TABLE.sub(lambda found: f"{found[1]}{table}{found[2]}", document.read_text()))
