"""The pages that links lead to: everybody reaches them, nobody floods them, and no log holds what a link holds."""

import json
import re
from typing import Any

import pytest

from eventpost.links import Purpose
from eventpost.runtime.preferences import ROUTES

API = {"Ref": "PreferencesApi"}
PREFERENCES = {"Ref": "Preferences"}
STAGE = "AWS::ApiGatewayV2::Stage"
ROUTE = "AWS::ApiGatewayV2::Route"
# Whoever posts here has a mail sent to the address they name.
SENDING = {"POST /join/{list}", "POST /link"}
LEAVING = "POST /u/{token}"


@pytest.fixture(scope="session")
def routes(root_stack: Any) -> dict[str, dict[str, Any]]:
    """The API's routes by their keys."""
    return root_stack.routes(API)


def test_every_request_reaches_the_function(root_stack: Any, routes: dict[str, Any]) -> None:
    """Unknown paths as well, so that they get a page of ours; and in the form that the function reads."""
    integration = root_stack.of("AWS::ApiGatewayV2::Integration")["PreferencesIntegration"]

    assert "$default" in routes
    for route in routes.values():
        assert route["ApiId"] == API
        assert route["Target"] == {"Fn::Sub": "integrations/${PreferencesIntegration}"}
        assert "AuthorizationType" not in route
    assert integration["IntegrationUri"] == {"Fn::GetAtt": ["Preferences", "Arn"]}
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")


@pytest.mark.parametrize("purpose", Purpose)
def test_every_kind_of_link_has_a_route(routes: dict[str, Any], purpose: Purpose) -> None:
    """With any method: HEAD is a request of its own to API Gateway."""
    assert f"ANY /{purpose}/{{token}}" in routes


def test_routes_are_those_that_the_function_knows(routes: dict[str, Any]) -> None:
    """None of them is a path that leads nowhere."""
    known = {re.sub(r"<\w+>", "{}", route.rule) for route in ROUTES}
    asked = {re.sub(r"\{\w+\}", "{}", key.partition(" ")[2]) for key in routes if key != "$default"}

    assert asked <= known


def test_the_api_alone_may_invoke_the_function(root_stack: Any) -> None:
    """This API of this account, and no other."""
    (permission,) = (
        found for found in root_stack.of("AWS::Lambda::Permission").values() if found["FunctionName"] == PREFERENCES
    )

    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:${PreferencesApi}/*")


def test_paths_begin_without_a_stage(root_stack: Any) -> None:
    """A link is its base, the purpose and the token; and a deploy is live at once."""
    stage = root_stack.of(STAGE)["PreferencesStage"]

    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)


def test_requests_are_throttled(root_stack: Any) -> None:
    """Everything, and what sends mail far sooner."""
    stage = root_stack.of(STAGE)["PreferencesStage"]
    limits, all_others = stage["RouteSettings"], stage["DefaultRouteSettings"]

    assert limits.keys() == SENDING | {LEAVING}
    assert limits[LEAVING] | {"DetailedMetricsEnabled": False} == all_others, (
        "apart, so that scanners use up none of it"
    )
    for limit in (limits[key] for key in SENDING):
        assert 0 < limit["ThrottlingRateLimit"] <= all_others["ThrottlingRateLimit"] / 10
        assert 0 < limit["ThrottlingBurstLimit"] <= all_others["ThrottlingBurstLimit"] / 10


def test_what_is_throttled_is_there_before(root_stack: Any, routes: dict[str, Any]) -> None:
    """API Gateway refuses settings of a route that does not exist yet."""
    keys = {name: route["RouteKey"] for name, route in root_stack.of(ROUTE).items()}
    before_it = root_stack.resources["PreferencesStage"]["DependsOn"]

    assert {keys[before] for before in before_it} == SENDING | {LEAVING}
    assert routes.keys() >= SENDING


def test_the_access_log_holds_no_link_and_no_address(root_stack: Any) -> None:
    """Tokens are in paths, searches in queries: of a request it tells the route and how it went, one JSON a line."""
    settings = root_stack.of(STAGE)["PreferencesStage"]["AccessLogSettings"]
    told = re.findall(r"\$context\.([\w.]+)", settings["Format"])

    assert set(told) == {"requestId", "routeKey", "status", "responseLatency"}
    assert json.loads(settings["Format"]).keys() == {"request_id", "route", "status", "latency_ms"}
    assert "\n" not in settings["Format"]
    assert settings["DestinationArn"] == {"Fn::GetAtt": ["PreferencesAccessLogs", "Arn"]}


def test_the_function_answers_before_the_api_gives_up(root_stack: Any) -> None:
    """After 30 s, whatever the integration says."""
    assert root_stack.of("AWS::Lambda::Function")["Preferences"]["Timeout"] < 30


@pytest.mark.parametrize("name", ["Preferences", "Letters"])
def test_what_writes_pages_and_letters_has_templates(root_stack: Any, name: str) -> None:
    """Both layers, that of their store, and the settings."""
    function = root_stack.of("AWS::Lambda::Function")[name]

    assert root_stack.layers(name) == {"SharedLayer": "", "TemplatesLayer": "", "FirestoreLayer": "UsesFirestore"}
    assert function["Environment"]["Variables"]["EVENTPOST_SETTINGS"] == {"Fn::GetAtt": ["Settings", "Value"]}


def test_the_library_with_its_registry_and_languages_is_in_the_layers(project: Any) -> None:
    """The list of lists lies in the package, and what pages say in other languages beside the templates."""
    assert (project / "shared" / "eventpost" / "registry.json").is_file()
    assert (project / "templates" / "pages").is_dir()
    assert (project / "templates" / "languages").is_dir()


def test_a_name_of_ones_own_leads_to_the_same_pages(root_stack: Any) -> None:
    """Without a path in front, over TLS 1.2 at least, and only where one is given."""
    (domain,) = root_stack.of("AWS::ApiGatewayV2::DomainName").values()
    (mapping,) = root_stack.of("AWS::ApiGatewayV2::ApiMapping").values()
    (configuration,) = domain["DomainNameConfigurations"]

    assert domain["DomainName"] == {"Ref": "LinkDomainName"}
    assert configuration["CertificateArn"] == {"Ref": "LinkCertificateArn"}
    assert (configuration["EndpointType"], configuration["SecurityPolicy"]) == ("REGIONAL", "TLS_1_2")
    assert (mapping["ApiId"], mapping["Stage"]) == (API, {"Ref": "PreferencesStage"})
    assert "ApiMappingKey" not in mapping
    assert {root_stack.condition(name) for name in ("LinkDomain", "LinkDomainMapping")} == {"HasLinkDomain"}
