"""Who can sign in, and how: much of it can never be changed after the first deploy."""


def test_what_cannot_be_changed_about_sign_in_later_is_pinned(production):
    pool = production.one("AWS::Cognito::UserPool").properties
    assert pool["UsernameAttributes"] == ["email"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["Schema"] == [
        {"Mutable": True, "Name": "email", "Required": True},
        {"Mutable": True, "Name": "name", "Required": False},
    ]
    assert pool["UserPoolTier"] == "ESSENTIALS"


def test_a_passkey_is_a_way_in_and_counts_as_two_factors(production):
    pool = production.one("AWS::Cognito::UserPool").properties
    assert set(pool["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]) == {
        "PASSWORD",
        "WEB_AUTHN",
    }
    assert pool["WebAuthnUserVerification"] == "required"
    assert pool["WebAuthnFactorConfiguration"] == "MULTI_FACTOR_WITH_USER_VERIFICATION"


def test_two_factors_are_required_in_production_alone(production, with_ses):
    pool = production.one("AWS::Cognito::UserPool")
    assert pool.properties["MfaConfiguration"] == "ON"
    assert pool.properties["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert pool.properties["DeletionProtection"] == "ACTIVE"
    assert pool.whole["DeletionPolicy"] == "Retain"
    assert with_ses.one("AWS::Cognito::UserPool").properties["MfaConfiguration"] == "OPTIONAL"


def test_the_login_pages_are_managed_and_have_their_branding(production):
    domain = production.one("AWS::Cognito::UserPoolDomain").properties
    branding = production.one("AWS::Cognito::ManagedLoginBranding", "SignIn/Branding").properties
    assert domain["ManagedLoginVersion"] == 2
    assert branding["UseCognitoProvidedValues"] is True


def test_the_pages_are_a_public_client_with_a_code_and_short_access_tokens(production):
    client = production.one("AWS::Cognito::UserPoolClient", "SignIn/Pool/Client").properties
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    assert sorted(client["AllowedOAuthScopes"]) == ["email", "openid", "profile"]
    assert client["ExplicitAuthFlows"] == ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["AccessTokenValidity"] == 60
    assert client["RefreshTokenValidity"] == 30 * 24 * 60
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True
    assert [production.spelled(url) for url in client["CallbackURLs"]] == [
        "<Api/Http>/session/callback"
    ]


def test_the_laptop_run_signs_in_at_its_own_origin_for_a_day(laptop):
    client = laptop.one("AWS::Cognito::UserPoolClient", "SignIn/Pool/Client").properties
    assert client["CallbackURLs"] == ["http://127.0.0.1:8787/session/callback"]
    assert client["LogoutURLs"] == ["http://127.0.0.1:8787/"]
    assert client["AccessTokenValidity"] == 24 * 60
    session = laptop.environment("Session/Function")
    assert session["LOGIN_URL"] == "http://127.0.0.1:8787"
    assert session["TOKEN_URL"] == "http://127.0.0.1:4566"


def groups_of(template):
    return sorted(
        group.properties["GroupName"] for group in template.of_type("AWS::Cognito::UserPoolGroup")
    )


FOUR = ["approvers", "auditors", "operators", "requesters"]


def test_there_are_the_four_groups_and_those_that_manifests_name_once(production, with_ses):
    assert groups_of(production) == FOUR
    assert groups_of(with_ses) == sorted([*FOUR, "network", "security"])


def test_a_group_of_a_manifest_takes_no_place_of_another(with_ses):
    """A changed path would delete a group, and with it who is in it."""
    assert {group.path for group in with_ses.of_type("AWS::Cognito::UserPoolGroup")} == {
        "SignIn/Requesters",
        "SignIn/Approvers",
        "SignIn/Auditors",
        "SignIn/Operators",
        "SignIn/Group-network",
        "SignIn/Group-security",
    }


def test_a_terminal_is_a_public_client_that_comes_back_to_this_machine_or_to_a_page_of_ours(
    production,
):
    client = production.one("AWS::Cognito::UserPoolClient", "SignIn/Pool/Terminal").properties
    assert client["GenerateSecret"] is False
    assert client["ExplicitAuthFlows"] == ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["RefreshTokenValidity"] == 7 * 24 * 60
    assert [production.spelled(url) for url in client["CallbackURLs"]] == [
        "http://localhost:8976/callback",
        "http://localhost:8977/callback",
        "http://localhost:8978/callback",
        "http://localhost:8979/callback",
        "<Api/Http>/session/code",
    ]
    assert "LogoutURLs" not in client
    [authorizer] = production.of_type("AWS::ApiGatewayV2::Authorizer")
    assert len(authorizer.properties["JwtConfiguration"]["Audience"]) == 2


def test_the_invitation_says_where_to_sign_in_and_until_when(production):
    invited = production.one("AWS::Cognito::UserPool").properties["AdminCreateUserConfig"]
    message = production.spelled(invited["InviteMessageTemplate"]["EmailMessage"])
    assert '<a href="<Api/Http>/">' in message
    assert "{username}" in message
    assert "{####}" in message
    assert "within 3 days" in message
    assert invited["InviteMessageTemplate"]["EmailSubject"] == "[Countersign prod] You are invited"
