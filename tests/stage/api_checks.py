"""What an API of ours is held to by its OpenAPI document."""

from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

HELD_TO = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
