"""What is asked of mails and of the files that go with them, as JSON."""

from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field, GetJsonSchemaHandler, StrictInt, StrictStr
from pydantic_core import CoreSchema

from eventpost import schemas
from eventpost.mailapi import File
from eventpost.mailapi.addressing import DIRECT_MAIL
from eventpost.runtime.api_parts import Part

_REFERENCE: Final = "#/$defs/"


class _AsEmailsAreWritten:
    """Documents a mail's fields as its list's schema has them, which judges what was sent."""

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of what may be sent."""
        schema = schemas.load(DIRECT_MAIL) or {"type": "object"}
        parts = schema.get("$defs", {})
        whole: dict[str, Any] = _in_one_piece({name: schema[name] for name in schema if name[0] != "$"}, parts)
        return whole


def _in_one_piece(schema: Any, parts: dict[str, Any]) -> Any:
    """The schema with its parts where they are referred to: an OpenAPI document has them elsewhere."""
    if isinstance(schema, list):
        return [_in_one_piece(item, parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    name = schema.get("$ref", "")
    if name.startswith(_REFERENCE):
        schema = parts[name.removeprefix(_REFERENCE)] | {key: schema[key] for key in schema if key != "$ref"}
    return {key: _in_one_piece(value, parts) for key, value in schema.items()}


# A plain name: powertools does not look behind those of `type`.
EmailFields = Annotated[dict[str, Any], _AsEmailsAreWritten(), Body()]
"""A mail to be sent."""


class FileToUpload(Part):
    """A file that is to go with a mail."""

    media_type: Annotated[StrictStr, Field(max_length=255, description="What it is.", examples=["application/pdf"])]
    size: Annotated[StrictInt, Field(ge=0, le=10**12, description="How many bytes it has, exactly.")]
    filename: Annotated[
        StrictStr, Field(max_length=200, description="What it is called: names that no mail may have are refused now.")
    ] = ""
    sha256: Annotated[
        StrictStr, Field(max_length=64, description="Its SHA-256, as 64 hex digits: no other file is taken then.")
    ] = ""

    @property
    def file(self) -> File:
        """What this says."""
        return File(self.media_type, self.size, self.filename, self.sha256)
