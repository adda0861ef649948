"""Who people are: the user pool, its managed login pages, the groups, and the clients of pages and terminals."""

from aws_cdk import Aws, Duration, Fn
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from functions.shared.terminal_sign_in import CODE_PATH, loopback_uris
from infra.agents import Compiled, groups_named
from infra.deployment import Deployment
from infra.reasons import accept
from infra.room import Room

GROUPS = {
    "requesters": "May chat and ask for changes.",
    "approvers": "May countersign what others ask for.",
    "auditors": "May read what was asked, shown, decided and done.",
    "operators": "Run the product.",
}
NAMED = "Named by the manifest of an agent: may use it, or countersign its calls."
CALLBACK = "/session/callback"
INVITATION_DAYS = 3
SIGN_IN_REMEMBERED = Duration.days(30)
TERMINAL_REMEMBERED = Duration.days(7)
"""A terminal keeps its session in a file, which no browser guards."""


class SignIn(Construct):
    """E-mail or passkey; accounts are made by the operator, never by a stranger."""

    def __init__(
        self, scope: Construct, id: str, *, deployment: Deployment, agents: Compiled, origin: str
    ) -> None:
        super().__init__(scope, id)
        self.pool = self._pool(deployment, origin)
        for name, description in GROUPS.items():
            self._group(name.capitalize(), name, description)
        for name in groups_named(agents):
            if name not in GROUPS:
                self._group(f"Group-{name}", name, NAMED)
        self.client = self._client(
            "Client",
            deployment,
            auth_flows=cognito.AuthFlow(
                user=True, admin_user_password=deployment.stage.admin_sign_in
            ),
            callbacks=[origin + CALLBACK],
            logouts=[origin + "/"],
            remembered=SIGN_IN_REMEMBERED,
        )
        self.terminal = self._client(
            "Terminal",
            deployment,
            auth_flows=cognito.AuthFlow(user=True),
            callbacks=[*loopback_uris(), origin + CODE_PATH],
            logouts=[],
            remembered=TERMINAL_REMEMBERED,
        )
        domain = self._domain(deployment)
        for id, client in (("Branding", self.client), ("TerminalBranding", self.terminal)):
            cognito.CfnManagedLoginBranding(
                self,
                id,
                user_pool_id=self.pool.user_pool_id,
                client_id=client.user_pool_client_id,
                use_cognito_provided_values=True,
            )
        login = deployment.page.login
        self.login_url = login.login_url if login else domain.base_url()
        self.token_url = login.token_url if login else domain.base_url()
        self.issuer = f"https://cognito-idp.{Aws.REGION}.{Aws.URL_SUFFIX}/{self.pool.user_pool_id}"

    def allow(self, function: Room, *verbs: str) -> None:
        """Allow a Lambda to ask the pool about people."""
        function.may([f"cognito-idp:{verb}" for verb in verbs], [self.pool.user_pool_arn])

    def _group(self, id: str, name: str, description: str) -> None:
        cognito.CfnUserPoolGroup(
            self,
            id,
            user_pool_id=self.pool.user_pool_id,
            group_name=name,
            description=description,
        )

    def _pool(self, deployment: Deployment, origin: str) -> cognito.UserPool:
        stage = deployment.stage
        pool = cognito.UserPool(
            self,
            "Pool",
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            self_sign_up_enabled=False,
            user_invitation=_invitation(stage.name, origin),
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            standard_attributes=cognito.StandardAttributes(
                email=cognito.StandardAttribute(required=True, mutable=True),
                fullname=cognito.StandardAttribute(required=False, mutable=True),
            ),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(INVITATION_DAYS),
            ),
            sign_in_policy=cognito.SignInPolicy(
                allowed_first_auth_factors=cognito.AllowedFirstAuthFactors(
                    password=True, passkey=True
                )
            ),
            passkey_user_verification=cognito.PasskeyUserVerification.REQUIRED,
            mfa=stage.mfa,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            deletion_protection=stage.deletion_protection,
            removal_policy=stage.removal_policy,
        )
        resource = pool.node.default_child
        assert isinstance(resource, cognito.CfnUserPool)  # noqa: S101  (narrows jsii's type)
        # A passkey with a finger or PIN is two factors; else required MFA would shut passkeys out.
        resource.web_authn_factor_configuration = "MULTI_FACTOR_WITH_USER_VERIFICATION"
        accept(
            pool,
            "Threat protection needs the Plus plan, paid per user; passkeys and MFA do more.",
            "COG3",
            "COG8",
        )
        accept(pool, "Required in prod; optional where people try the product.", "COG2")
        return pool

    def _client(
        self,
        id: str,
        deployment: Deployment,
        *,
        auth_flows: cognito.AuthFlow,
        callbacks: list[str],
        logouts: list[str],
        remembered: Duration,
    ) -> cognito.UserPoolClient:
        """A public client: authorization code with PKCE, short access tokens."""
        return self.pool.add_client(
            id,
            generate_secret=False,
            auth_flows=auth_flows,
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[
                    cognito.OAuthScope.OPENID,
                    cognito.OAuthScope.EMAIL,
                    cognito.OAuthScope.PROFILE,
                ],
                callback_urls=callbacks,
                logout_urls=logouts or None,
            ),
            access_token_validity=deployment.stage.access_token_validity,
            id_token_validity=deployment.stage.access_token_validity,
            refresh_token_validity=remembered,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
        )

    def _domain(self, deployment: Deployment) -> cognito.UserPoolDomain:
        # Prefixes are unique in a region over all accounts; the stack's own id is unique too.
        unique = Fn.select(2, Fn.split("/", deployment.stack.stack_id))
        return self.pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=f"countersign-{unique}"),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )


def _invitation(stage: str, origin: str) -> cognito.UserInvitationConfig:
    """The mail to who was added: where to sign in, as whom, and the password of the first time."""
    return cognito.UserInvitationConfig(
        email_subject=f"[Countersign {stage}] You are invited",
        email_body=(
            f'You are invited to Countersign: <a href="{origin}/">{origin}/</a><br><br>'
            f"Sign in as {{username}} with the password {{####}} within {INVITATION_DAYS} days; "
            "you choose one of your own then."
        ),
    )
