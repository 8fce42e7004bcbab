"""Whether a host may be reached, and at which address: the one place that decides."""

from dataclasses import dataclass, field

from eventpost_capture.errors import UrlRefused
from eventpost_capture.explain import not_loaded
from eventpost_capture.guard.addresses import is_public
from eventpost_capture.guard.names import Names
from eventpost_capture.target import Target


@dataclass(frozen=True, slots=True)
class Rules:
    """Which targets are admitted: public addresses on the usual ports, and the deployment's allowed hosts.

    `own_ports` are the guard's own doors. Nothing is let through one to come in by another, or it would never end.
    """

    names: Names
    allow_hosts: frozenset[str]
    allow_ports: frozenset[int]
    own_ports: set[int] = field(default_factory=set)

    async def pin(self, target: Target) -> tuple[str, ...]:
        """The addresses to dial for `target`, in the order to try them.

        Raises:
            UrlRefused: it may not be reached; the message says what would allow it.
            PageUnavailable: its name does not resolve.
        """
        addresses = await self._addresses(target)
        allowed = target.host in self.allow_hosts
        if not all(map(is_public, addresses)) and (not allowed or target.port in self.own_ports):
            raise UrlRefused(
                f"{target} has an address that is not public: add its host to CAPTURE_ALLOW_HOSTS if it may"
            )
        if not allowed and target.port not in self.allow_ports:
            raise UrlRefused(f"{target} has port {target.port}: add that to CAPTURE_ALLOW_PORTS if it may")
        return addresses

    async def _addresses(self, target: Target) -> tuple[str, ...]:
        try:
            addresses = await self.names.addresses(target.host)
        except OSError as error:
            raise not_loaded(target, "ERR_NAME_NOT_RESOLVED") from error
        if not addresses:
            raise not_loaded(target, "ERR_NAME_NOT_RESOLVED")
        return addresses
