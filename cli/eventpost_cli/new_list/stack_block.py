"""A list's lines in template.yaml: its block, and its row on the dashboard.

The file is edited as text: a YAML library would lose its comments or its order.
"""

import re

import click

from eventpost_cli.project import pascal_case

_BLOCK = """\
  {resource}:
    Type: AWS::Serverless::Application
    Properties:
      Location: functions/list.yaml
      Parameters:
        List: {name}
        Settings: !GetAtt Settings.Value
        Platform: !GetAtt Platform.Value
"""
_LIST_BLOCKS = re.compile(r"^  \w+:\n    Type: AWS::Serverless::Application\n(?: {4}.*\n)+", re.MULTILINE)
_DASHBOARD_ROWS = re.compile(r"^[ -]*- (?=!GetAtt \w+\.Outputs\.Widgets\n)(.*\n)", re.MULTILINE)


def with_block(template: str, name: str) -> str:
    """template.yaml with this list in it, behind the lists that are there.

    Raises:
        click.ClickException: The list is there already, or the file no longer looks as this expects.
    """
    resource = pascal_case(name)
    if f"\n  {resource}:\n" in template:
        msg = f"template.yaml has a resource {resource} already. Choose another name."
        raise click.ClickException(msg)
    blocks, rows = list(_LIST_BLOCKS.finditer(template)), list(_DASHBOARD_ROWS.finditer(template))
    if not blocks or not rows:
        msg = "template.yaml has no list to put this one behind; docs/add-a-list.md shows the lines to write by hand."
        raise click.ClickException(msg)
    # A row's dash stands where the last row's does; the first row of all has the outer sequence's dash before it.
    dash = rows[-1].start(1) - rows[-1].start() - len("- ")
    after_row, row = rows[-1].end(), f"{' ' * dash}- !GetAtt {resource}.Outputs.Widgets\n"
    after_block, block = blocks[-1].end(), "\n" + _BLOCK.format(resource=resource, name=name)
    if after_row < after_block:
        msg = "template.yaml has its dashboard before its lists: write the lines by hand, as in docs/add-a-list.md."
        raise click.ClickException(msg)
    return template[:after_block] + block + template[after_block:after_row] + row + template[after_row:]
