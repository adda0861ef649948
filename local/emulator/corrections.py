"""The table of everything in which our emulator differs from stock ministack."""

from local.emulator import (
    cloudformation,
    execution_role,
    iam,
    lambda_runtime,
    lambda_sizes,
    pools,
    routing,
    sign_in,
    step_functions,
    sts,
    tenants,
)
from local.emulator.ec2 import describing, faults, launching, record, starting
from local.emulator.ec2.wire import ACTIONS
from local.emulator.patching import Correction

_CALLBACK = f"{step_functions.SERVICE}:_invoke_with_callback"
_CALL = f"{step_functions.SERVICE}:_call_lambda"
_TOKENS = f"{step_functions.SERVICE}:_task_tokens"
_ERROR = f"{step_functions.SERVICE}:_ExecutionError"
_EC2 = "ministack.services.ec2"
_ENFORCE = (f"{iam.ACTIONS}:request_tag_context", f"{iam.EVALUATOR}:enforce")

CORRECTIONS = (
    Correction(
        apply=lambda_runtime.python_lambdas_run_on_the_runtime_client,
        finding="B1",
        patches=(
            f"{lambda_runtime.SERVICE}:_provided_runtime_code_dir",
            f"{lambda_runtime.SERVICE}:_provided_worker_env",
            f"{lambda_runtime.SERVICE}:_execute_function_warm",
            f"{lambda_runtime.SERVICE}:_execute_function_provided_warm",
            f"{lambda_runtime.SERVICE}:_resolve_layer_zip",
            f"{lambda_runtime.RUNTIME}:_worker_class_for",
            f"{lambda_runtime.RUNTIME}:ProvidedWorker",
        ),
    ),
    Correction(
        apply=lambda_runtime.lambdas_see_only_their_own_environment,
        finding="B23",
        patches=(f"{lambda_runtime.SERVICE}:_provided_worker_env",),
    ),
    Correction(
        apply=lambda_runtime.logs_are_whole_and_cost_no_wait,
        finding="B22",
        patches=(
            f"{lambda_runtime.RUNTIME}:ProvidedWorker.invoke",
            f"{lambda_runtime.RUNTIME}:ProvidedWorker._drain_stderr_bounded",
            f"{lambda_runtime.RUNTIME}:ProvidedWorker._drain_stderr",
        ),
    ),
    Correction(
        apply=lambda_runtime.the_runtime_api_answers_without_delay,
        finding="B22",
        patches=("socketserver:StreamRequestHandler.disable_nagle_algorithm",),
    ),
    Correction(
        apply=lambda_sizes.a_call_takes_and_gives_six_megabytes,
        finding="",
        patches=(lambda_sizes.EXECUTE, lambda_sizes.HANDLE),
    ),
    Correction(
        apply=tenants.functions_of_a_stack_keep_their_tenancy,
        finding="",
        patches=(cloudformation.HANDLERS, f"{lambda_runtime.SERVICE}:_functions"),
    ),
    Correction(
        apply=tenants.a_tenants_environment_serves_no_other,
        finding="",
        patches=(
            f"{lambda_runtime.SERVICE}:_functions",
            f"{lambda_runtime.SERVICE}:_invoke",
            f"{lambda_runtime.SERVICE}:acquire_worker",
            f"{lambda_runtime.SERVICE}:invalidate_worker",
            f"{lambda_runtime.RUNTIME}:_lock",
            f"{lambda_runtime.RUNTIME}:_worker_key",
            f"{lambda_runtime.RUNTIME}:_workers",
            f"{lambda_runtime.RUNTIME}:kill_workers",
            f"{lambda_runtime.RUNTIME}:ProvidedWorker._build_handler_class",
        ),
    ),
    Correction(
        apply=step_functions.a_throttled_lambda_task_can_be_retried,
        finding="",
        patches=(_CALL, _ERROR),
    ),
    Correction(
        apply=step_functions.a_callback_lambda_that_raises_fails_its_task,
        finding="B6",
        patches=(_CALL, _CALLBACK, _ERROR, _TOKENS),
    ),
    Correction(
        apply=step_functions.a_missed_heartbeat_ends_its_task,
        finding="B5",
        patches=(_CALLBACK, _TOKENS),
    ),
    Correction(
        apply=step_functions.a_task_token_is_answered_once,
        finding="B7",
        patches=(
            f"{step_functions.SERVICE}:_send_task_success",
            f"{step_functions.SERVICE}:_send_task_failure",
            f"{step_functions.SERVICE}:_send_task_heartbeat",
            _CALLBACK,
            _TOKENS,
        ),
    ),
    Correction(
        apply=cloudformation.tables_keep_their_time_to_live,
        finding="B8",
        patches=(cloudformation.HANDLERS, "ministack.services.dynamodb:_update_ttl"),
    ),
    Correction(
        apply=cloudformation.http_apis_keep_their_cors_rules,
        finding="B9",
        patches=(cloudformation.HANDLERS,),
    ),
    Correction(
        apply=cloudformation.user_pools_have_a_provider_url,
        finding="B10",
        patches=(f"{cloudformation.PROVISIONERS}:_cognito_user_pool_attributes",),
    ),
    Correction(
        apply=cloudformation.conditions_compare_joined_texts,
        finding="",
        patches=tuple(
            f"ministack.services.cloudformation.{user}:_evaluate_conditions"
            for user in cloudformation.CONDITION_USERS
        ),
    ),
    Correction(
        apply=cloudformation.types_without_local_effect_are_accepted,
        finding="B11, B28",
        patches=(cloudformation.HANDLERS,),
    ),
    Correction(
        apply=cloudformation.alarms_on_metric_math_are_accepted,
        finding="",
        patches=(cloudformation.HANDLERS,),
    ),
    Correction(
        apply=cloudformation.state_machine_versions_and_aliases_deploy,
        finding="B28",
        patches=(
            cloudformation.HANDLERS,
            f"{step_functions.SERVICE}:_publish_state_machine_version",
            f"{step_functions.SERVICE}:_create_state_machine_alias",
            f"{step_functions.SERVICE}:_update_state_machine_alias",
            f"{step_functions.SERVICE}:_state_machine_versions",
            f"{step_functions.SERVICE}:_state_machine_aliases",
        ),
    ),
    Correction(
        apply=execution_role.a_role_is_handed_to_cloudformation_only_by_who_may_pass_it,
        finding="",
        patches=(*_ENFORCE, execution_role.HANDLERS),
    ),
    Correction(
        apply=execution_role.stacks_are_made_with_the_rights_of_their_role,
        finding="",
        patches=(
            execution_role.HANDLERS,
            execution_role.CHANGE_SET,
            f"{execution_role.STACKS}:_provision_resource",
            f"{execution_role.STACKS}:_update_resource",
            f"{execution_role.STACKS}:_delete_resource",
            f"{iam.EVALUATOR}:_gather_role_policies",
            f"{iam.EVALUATOR}:_permissions_boundary",
        ),
    ),
    Correction(
        apply=pools.pools_are_reached_by_their_tags,
        finding="",
        patches=(iam.COLLECTORS, pools.TAGS),
    ),
    Correction(
        apply=iam.loopback_counts_as_secure_transport,
        finding="",
        patches=("ministack.app:pin_request_origin",),
    ),
    Correction(
        apply=sts.a_source_identity_is_a_right_of_both_sides,
        finding="",
        patches=(
            f"{sts.SERVICE}:_session_policies",
            f"{sts.SERVICE}:_caller_identity",
            f"{iam.EVALUATOR}:evaluate_trust_policy",
            f"{iam.EVALUATOR}:enforce",
            f"{iam.EVALUATOR}:CredentialResolutionError",
        ),
    ),
    Correction(
        apply=iam.mails_are_checked_on_their_senders_identity,
        finding="",
        patches=(f"{iam.ACTIONS}:_ses_v2_resource_arn",),
    ),
    Correction(
        apply=iam.launch_policies_see_their_conditions,
        finding="B26",
        patches=_ENFORCE,
    ),
    Correction(
        apply=iam.ending_policies_see_an_instances_tags,
        finding="",
        patches=(*_ENFORCE, iam.COLLECTORS, f"{_EC2}:_instances", f"{_EC2}:_tags"),
    ),
    Correction(
        apply=iam.parameters_are_checked_each_by_its_name,
        finding="",
        patches=_ENFORCE,
    ),
    Correction(
        apply=iam.refused_ec2_calls_are_recorded,
        finding="",
        patches=_ENFORCE,
    ),
    Correction(
        apply=routing.services_it_lacks_are_refused_at_once,
        finding="B27",
        patches=(routing.IS_AWS_SERVICE,),
    ),
    Correction(
        apply=sign_in.http_apis_hand_over_cookies,
        finding="",
        patches=(sign_in.EXECUTE,),
    ),
    Correction(
        apply=sign_in.refresh_tokens_can_be_revoked_over_http,
        finding="",
        patches=(sign_in.COGNITO_ROUTES, sign_in.REVOKE),
    ),
    Correction(
        apply=sign_in.refreshed_tokens_name_groups,
        finding="",
        patches=(sign_in.MAKE, sign_in.POOL),
    ),
    # Around EC2's actions, from the inside out: each one sees what those before it let through.
    Correction(
        apply=launching.the_demo_image_exists,
        finding="",
        patches=(f"{_EC2}:_STUB_AMIS",),
    ),
    Correction(
        apply=starting.an_instance_starts_as_it_was_asked_for,
        finding="",
        patches=(ACTIONS, starting.INSTANCES, starting.VOLUMES),
    ),
    Correction(
        apply=describing.offered_types_are_told,
        finding="B27",
        patches=(ACTIONS, f"{_EC2}:_xml", f"{iam.ACTIONS}:_load_botocore_model"),
    ),
    Correction(
        apply=describing.instances_are_found_by_id_and_client_token,
        finding="",
        patches=(ACTIONS, describing.INSTANCES, describing.MATCHES, describing.DRAWN),
    ),
    Correction(
        apply=describing.the_demo_image_has_an_age,
        finding="",
        patches=(ACTIONS,),
    ),
    Correction(
        apply=describing.unknown_images_are_an_error,
        finding="",
        patches=(ACTIONS, f"{_EC2}:_error"),
    ),
    Correction(
        apply=launching.a_dry_run_does_nothing,
        finding="B2",
        patches=(ACTIONS, f"{_EC2}:_error"),
    ),
    Correction(
        apply=launching.a_launch_names_what_exists,
        finding="B4",
        patches=(
            ACTIONS,
            f"{_EC2}:_error",
            f"{_EC2}:_STUB_AMIS",
            f"{_EC2}:_registered_image",
            f"{_EC2}:_key_pairs",
            f"{_EC2}:_security_groups",
            f"{_EC2}:_subnets",
            f"{iam.ACTIONS}:_load_botocore_model",
            launching.PROFILE,
        ),
    ),
    Correction(
        apply=launching.a_client_token_launches_once,
        finding="B3",
        patches=(ACTIONS, f"{_EC2}:_error"),
    ),
    Correction(apply=record.every_call_is_recorded, finding="", patches=(ACTIONS,)),
    Correction(apply=faults.faults_can_be_ordered, finding="", patches=(ACTIONS, f"{_EC2}:_error")),
)
