"""The HTTP API: its address first, its routes when the rooms that answer them exist."""

import json
from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from functions.shared.front import FrontSettings
from infra.deployment import Deployment
from infra.page_front import Domain
from infra.reasons import accept
from infra.room import Room
from infra.sign_in import SignIn

SIGNED_IN: Mapping[str, tuple[str, ...]] = {
    "chat": ("POST /chat", "POST /conversations/{conversation_id}/tool_results"),
    "conversations": (
        "GET /conversations",
        "GET /conversations/{conversation_id}",
        "DELETE /conversations/{conversation_id}",
    ),
    "approvals": ("GET /approvals", "GET /approvals/{approval_id}"),
    "decide_approval": (
        "POST /approvals/{approval_id}/decision",
        "POST /approvals/{approval_id}/cancel",
    ),
    "freeze": ("GET /freeze", "POST /freeze"),
    "notebooks": (
        "PUT /conversations/{conversation_id}/files/{name}",
        "DELETE /conversations/{conversation_id}/files/{name}",
        "GET /conversations/{conversation_id}/notebook",
        "GET /conversations/{conversation_id}/notebook.ipynb",
        "GET /conversations/{conversation_id}/notebook/cells/{call_id}/pictures/{number}",
    ),
    "pages": ("GET /agents",),
}
ONLY_WITH_PYTHON = {"notebooks"}
"""Rooms that a stack without Python has not, nor their routes."""
OPEN: Mapping[str, tuple[str, ...]] = {
    "pages": (
        "GET /",
        "GET /inbox",
        "GET /a/{approval_id}",
        "GET /assets/{name}",
        "GET /assets/{version}/{name}",
        "GET /healthz",
        "GET /openapi.json",
        "$default",
    ),
    "session": (
        "GET /session/login",
        "GET /session/callback",
        "GET /session/terminal",
        "GET /session/code",
        "POST /session",
        "DELETE /session",
    ),
}
# Route keys, never paths or queries: the query of /session/callback holds a code.
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "bytes": "$context.responseLength",
    "ip": "$context.identity.sourceIp",
    "sub": "$context.authorizer.claims.sub",
    "authorizer_error": "$context.authorizer.error",
    "integration_error": "$context.integrationErrorMessage",
}


class Api(Construct):
    """One origin for pages and data; no other origin may read it (no CORS)."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        page = deployment.page
        self._allowed_cidrs = page.allowed_cidrs
        self._api = api.HttpApi(
            self,
            "Http",
            api_name=page.stack,
            create_default_stage=False,
            disable_execute_api_endpoint=True if page.domain else None,
        )
        log = logs.LogGroup(
            self,
            "AccessLog",
            encryption_key=deployment.key,
            retention=deployment.stage.log_retention,
            removal_policy=deployment.stage.removal_policy,
        )
        stage = api.CfnStage(
            self,
            "Stage",
            api_id=self._api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=api.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=100, throttling_burst_limit=200
            ),
            access_log_settings=api.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.log_group_arn, format=json.dumps(ACCESS_LOG)
            ),
        )
        self.dns_record = ""
        """The record to make for the operator's own name; empty without one."""
        if page.domain:
            self.dns_record = self._name(page.domain, stage)
            self.url = page.domain.url
        else:
            self.url = self._api.api_endpoint
        self.origin = page.origin or self.url

    def _name(self, domain: Domain, stage: api.CfnStage) -> str:
        """Answer under the operator's own name alone; the DNS record that leads people there."""
        name = api.DomainName(
            self,
            "Domain",
            domain_name=domain.name,
            certificate=acm.Certificate.from_certificate_arn(
                self, "Certificate", domain.certificate_arn
            ),
            security_policy=api.SecurityPolicy.TLS_1_2,
        )
        mapping = api.CfnApiMapping(
            self,
            "DomainMapping",
            api_id=self._api.api_id,
            domain_name=name.name,
            stage=stage.stage_name,
        )
        mapping.add_dependency(stage)
        return f"{domain.name} CNAME {name.regional_domain_name}"

    def serve(self, *, rooms: Mapping[str, Room], sign_in: SignIn) -> None:
        """Route to the rooms: signed-in routes behind the JWT authorizer, the others open."""
        authorizer = authorizers.HttpJwtAuthorizer(
            "AccessToken",
            sign_in.issuer,
            jwt_audience=[
                sign_in.client.user_pool_client_id,
                sign_in.terminal.user_pool_client_id,
            ],
        )
        answers = {
            name: integrations.HttpLambdaIntegration(name, room, scope_permission_to_route=False)
            for name, room in rooms.items()
        }
        front = FrontSettings(allowed_cidrs=",".join(self._allowed_cidrs))
        for room in rooms.values():
            for variable, value in front.environment().items():
                room.add_environment(variable, value)
        self._admit_default_route(rooms["pages"])
        for routes, guard in ((SIGNED_IN, authorizer), (OPEN, None)):
            for name, keys in routes.items():
                if name in ONLY_WITH_PYTHON and name not in answers:
                    continue
                for key in keys:
                    self._route(key, answers[name], guard)

    def _admit_default_route(self, room: Room) -> None:
        """The gateway names $default by stage and route alone, which the other routes' ARN misses."""
        room.add_permission(
            "DefaultRoute",
            principal=iam.ServicePrincipal("apigateway.amazonaws.com"),
            source_arn=Stack.of(self).format_arn(
                service="execute-api", resource=self._api.api_id, resource_name="*/$default"
            ),
        )

    def _route(
        self,
        key: str,
        answer: integrations.HttpLambdaIntegration,
        guard: api.IHttpRouteAuthorizer | None,
    ) -> None:
        route = api.HttpRoute(
            self,
            "Default" if key == "$default" else key,
            http_api=self._api,
            route_key=route_key(key),
            integration=answer,
            authorizer=guard,
        )
        if guard is None:
            accept(
                route,
                "A shell without data, the sign-in itself, or a description: it needs no caller.",
                "APIG4",
            )


def route_key(key: str) -> api.HttpRouteKey:
    """CDK's form of a route key as the gateway writes it."""
    if key == "$default":
        return api.HttpRouteKey.DEFAULT
    method, path = key.split(" ")
    return api.HttpRouteKey.with_(path, api.HttpMethod[method])
