"""The words of docs/permissions.md, around what is made from the template."""

WORDS = """\
# Permissions

Who needs which rights in AWS to have Countersign deployed, to deploy it again, and to operate it.
`make permissions-docs` writes this page from the template of a stack named {stack} in {account}, {region}; a test
compares it. For your own page, `make permissions` writes the same policies as files.

| who | when | policy |
|---|---|---|
| whoever holds admin rights | once, and when `make permissions` writes other files | their own |
| CloudFormation, through the CDK's role | during each deploy | `execution-1.json` … |
| whoever deploys, or the CI that does | each deploy | `deploy.json` |
| every role of the stack, if you bound them | always | `ceiling.json` |
| the operator | `countersign users`, `model`, `doctor`, `logs` | `operate.json` |
| whoever destroys | `countersign destroy`, then no more | `destroy.json`, `deploy.json` |

## Once, with admin rights

The page has to name the account. The files go to `build/permissions/{stack}`.

```
make permissions
{create}
npx cdk bootstrap aws://{account}/{region} \\
  --cloudformation-execution-policies {policies}
```

Without `--cloudformation-execution-policies` the bootstrap gives CloudFormation AdministratorAccess, and with it
everyone who may deploy.

An account that other CDK apps are deployed to has a bootstrap already, and its policies are theirs. Make a second one
with a qualifier of its own, and name it at each deploy:

```
make permissions QUALIFIER=csign
npx cdk bootstrap aws://{account}/{region} --qualifier csign --toolkit-stack-name CDKToolkit-csign \\
  --cloudformation-execution-policies {policies}
make deploy ARGUMENTS="--context @aws-cdk/core:bootstrapQualifier=csign"
```

### Bounding the roles

CloudFormation has to write the policies of the stack's roles, so whoever may deploy can write others into a template:
without a boundary, `deploy.json` is worth every right that a Lambda can be given. With one, a role of the stack can do
at most what the release's roles do together, and on no more; conditions, such as tags and instance types, stand in the
roles' own policies alone.

```
aws iam create-policy --policy-name countersign-ceiling \\
  --policy-document file://build/permissions/{stack}/ceiling.json
```

Write `permissions_boundary: countersign-ceiling` on the page before `make permissions`: then every role carries it,
and `execution-*.json` makes no role and writes no role's policy without it, and may not take it away. Where the
company asks for a boundary on all roles, name the company's own. The CDK's role for CloudFormation is bounded by
`npx cdk bootstrap --custom-permissions-boundary NAME`.

## Each deploy

`deploy.json` takes on the CDK's roles for deploying, uploading zips and comparing, nothing else. The CDK's deploying
role may change every stack of the account, each with the rights that its own bootstrap gives CloudFormation.

```
aws iam create-policy --policy-name countersign-deploy \\
  --policy-document file://build/permissions/{stack}/deploy.json
make deploy
```

Attach it to the role or permission set of whoever deploys. What is missing shows in the deploy as
`is not authorized to perform`, and the stack rolls back.

## Operating

```
aws iam create-policy --policy-name countersign-operate \\
  --policy-document file://build/permissions/{stack}/operate.json
```

`doctor`'s comparison needs `deploy.json` beside it. CloudFormation finds drift with the rights of whoever asks; for
that line of `doctor` attach AWS's ReadOnlyAccess, or it says that it was not checked.

`countersign destroy` needs `destroy.json` and `deploy.json`. Attach `destroy.json` for that day alone: it ends requests
in the tables, and it invokes the room that decides, which takes whoever invokes it for API Gateway, so that its holder
could countersign as anybody. `operate.json` invokes two rooms, and neither of them decides or launches.

Reading conversations and approvals, deciding, `freeze` and `unfreeze` go through the product, by people's groups, and
need no right in AWS.

| command | calls |
|---|---|
{commands}

## When a release or the page changes

A new release, agents that run Python, SES, a domain: each may need other rights. `make permissions` writes the files
anew; `git diff` of this page shows what changed for a release. Give IAM the new text:

```
aws iam create-policy-version --policy-arn arn:aws:iam::{account}:policy/countersign-execution-1 --set-as-default \\
  --policy-document file://build/permissions/{stack}/execution-1.json
```

IAM keeps five versions of a policy: `aws iam delete-policy-version` removes one. Where there are more files than
before, create the policy of the new one and bootstrap again with all of them.

## What is not narrow

Names that CloudFormation makes begin with the stack's, or with the resource's; a user pool and a key have none, so they
are reached by the tag `countersign:stack`, and made only with it. APIs have neither: `Apis` is every HTTP and WebSocket
API of the region. A sandbox's network is tagged after it is made, so `TagNetworks` could tag another's first.
`*` stands where AWS knows nothing narrower:

{wide}

## What was checked

A test compares `execution-*.json` with the rights that AWS lists for each resource type, in every combination of what
the page turns on; what of that list is not granted is written there with its reason. In the emulator a user who has
only `deploy.json` deploys, CloudFormation has only `execution-*.json`, and with one statement less the deploy fails.
No real account has judged these policies: the emulator's list of the calls that CloudFormation makes is ours.

## The policies

{documents}
"""
