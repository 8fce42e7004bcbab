"""Functions run as the design says: on time, one event at a time, within bounds, and with logs that end."""

from typing import Any

from eventpost.lists import RESERVED_NAMES

FUNCTION = "AWS::Lambda::Function"


def test_runtime(stack: Any) -> None:
    """Python 3.13 on x86_64, which the packages of the layers and the browser are built for."""
    for name, function in stack.of(FUNCTION).items():
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["x86_64"]), name
        assert function["Handler"] == "app.lambda_handler", name


def test_logs_are_kept_for_as_long_as_said(stack: Any) -> None:
    """Each function writes to a log group of its own, which has a retention."""
    groups = stack.of("AWS::Logs::LogGroup")
    used = {name: function["LoggingConfig"]["LogGroup"]["Ref"] for name, function in stack.of(FUNCTION).items()}
    accesses = [name for name in groups if name.endswith("AccessLogs")]

    assert sorted([*used.values(), *accesses]) == sorted(groups), "one log group for each function, and for each API"
    assert [name for name, group in groups.items() if "RetentionInDays" not in group] == []


def test_no_reserved_concurrency(stack: Any) -> None:
    """It would make SQS push good messages into dead letters."""
    reserved = [name for name, function in stack.of(FUNCTION).items() if "ReservedConcurrentExecutions" in function]

    assert reserved == []


def test_variables_are_text(stack: Any) -> None:
    """A number among them works on AWS and fails on the local one."""
    variables = {
        f"{name}.{variable}": value
        for name, function in stack.of(FUNCTION).items()
        for variable, value in function["Environment"]["Variables"].items()
    }

    assert [variable for variable, value in variables.items() if not isinstance(value, str | dict)] == []


def test_events_are_traced(stack: Any) -> None:
    """From the queue through the list's function to its capture; each role may write what that brings."""
    for name, function in stack.of(FUNCTION).items():
        assert function["TracingConfig"] == {"Mode": "Active"}, name
    traced = [statement["Action"] for _, statement in stack.statements() if statement["Sid"] == "WriteTraces"]
    assert traced == [["xray:PutTraceSegments", "xray:PutTelemetryRecords"]] * len(stack.of(FUNCTION))


def test_no_list_is_called_as_another_function(root_stack: Any) -> None:
    """Its figures would be taken for that function's: both are told apart by the name of the service."""
    variables = [function["Environment"]["Variables"] for function in root_stack.of(FUNCTION).values()]
    services = {each["POWERTOOLS_SERVICE_NAME"] for each in variables if "POWERTOOLS_SERVICE_NAME" in each}

    assert services - RESERVED_NAMES == set()


def test_list_functions_may_go_round(list_stack: Any) -> None:
    """Slices travel over the list's own queue; Lambda would stop such a chain after some 16 hops."""
    assert list_stack.source["Resources"]["Function"]["Properties"]["RecursiveLoop"] == "Allow"
    assert list_stack.only(FUNCTION)["RecursiveLoop"] == "Allow"


def test_one_message_is_one_event(list_stack: Any) -> None:
    """An invocation takes one event, reports it if it failed, and the queue starts no more of them than said."""
    mapping = list_stack.only("AWS::Lambda::EventSourceMapping")
    bounds = list_stack.source["Parameters"]["MaximumConcurrency"]

    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MaximumConcurrency"}}
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert (bounds["MinValue"], bounds["MaxValue"]) == (2, 1000)


def test_a_list_is_its_folder(list_stack: Any) -> None:
    """The list's name is where its code is: a block needs no other."""
    assert list_stack.source["Resources"]["Function"]["Properties"]["CodeUri"] == {"Ref": "List"}


def test_capture_is_told_what_it_needs(root_stack: Any) -> None:
    """It gets no settings, no layer, and no way to the lists."""
    capture = root_stack.of(FUNCTION)["Capture"]
    variables = capture["Environment"]["Variables"]

    assert {"SCREENSHOTS_BUCKET", "CAPTURE_ALLOW_HOSTS", "CHROMIUM_PATH"} <= variables.keys()
    assert "EVENTPOST_SETTINGS" not in variables
    assert "Layers" not in capture


def test_layers_go_with_what_replaces_them(root_stack: Any) -> None:
    """Old versions are deleted: each deploy would leave one behind for ever."""
    layers = {
        name: found for name, found in root_stack.resources.items() if found["Type"] == "AWS::Lambda::LayerVersion"
    }

    assert len(layers) == 3
    assert {found["DeletionPolicy"] for found in layers.values()} == {"Delete"}


def test_layers_of_packages_are_built_and_templates_are_not(root_stack: Any) -> None:
    """For the one architecture that all functions have; the templates' files are at the layer's root as they are."""
    resources = root_stack.source["Resources"]

    for name, method in {"SharedLayer": "python3.13", "FirestoreLayer": "makefile"}.items():
        assert resources[name]["Metadata"] == {"BuildMethod": method, "BuildArchitecture": "x86_64"}
        assert resources[name]["Properties"]["CompatibleArchitectures"] == ["x86_64"]
    assert "Metadata" not in resources["TemplatesLayer"]
