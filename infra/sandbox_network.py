"""The network that the sandbox lies in, which nothing leaves.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
"""

from collections.abc import Sequence

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.deployment import Deployment
from infra.reasons import accept

ADDRESSES = "10.255.255.0/27"
SUBNETS = ("10.255.255.0/28", "10.255.255.16/28")
"""One in each of two zones; all runs together take one address of each."""


class SandboxNetwork(Construct):
    """The operator's subnets, or two of our own; in either, a security group that lets nothing out."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        named = deployment.page.sandbox.network
        own = None if named else IsolatedSubnets(self, "Isolated", deployment=deployment)
        vpc_id = named.vpc_id if named else own.vpc_id if own else ""
        self.subnet_ids: Sequence[str] = (
            named.subnet_ids if named else own.subnet_ids if own else ()
        )
        # EC2 gives a group without a rule for the way out one that allows everything; CDK writes one that fits no
        # packet. The network is named by its id alone, because CDK would ask the account for the zones of a real one.
        group = ec2.SecurityGroup(
            self,
            "NothingOut",
            vpc=ec2.Vpc.from_vpc_attributes(self, "Vpc", vpc_id=vpc_id, availability_zones=["-"]),
            description="The sandbox: nothing in, nothing out.",
            allow_all_outbound=False,
        )
        self.security_group_id = group.security_group_id


class IsolatedSubnets(Construct):
    """Two subnets with the local route alone, without names, behind an access list that admits nothing."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        # Queries to Amazon's resolver pass security groups and access lists: without names there are none.
        vpc = ec2.CfnVPC(
            self,
            "Vpc",
            cidr_block=ADDRESSES,
            enable_dns_support=False,
            enable_dns_hostnames=False,
        )
        self.vpc_id = vpc.attr_vpc_id
        # It binds the VPC's own default security group as well, which CloudFormation cannot change.
        closed = ec2.CfnNetworkAcl(self, "Closed", vpc_id=self.vpc_id)
        accept(
            closed, "It has no entry, so it admits nothing, and nobody has to keep it up.", "VPC3"
        )
        self.subnet_ids = [
            self._subnet(number, addresses, closed) for number, addresses in enumerate(SUBNETS)
        ]
        self._record(deployment)

    def _subnet(self, number: int, addresses: str, closed: ec2.CfnNetworkAcl) -> str:
        subnet = ec2.CfnSubnet(
            self,
            f"Subnet{number + 1}",
            vpc_id=self.vpc_id,
            cidr_block=addresses,
            availability_zone=Fn.select(number, Fn.get_azs()),
            map_public_ip_on_launch=False,
        )
        bound = ec2.CfnSubnetNetworkAclAssociation(
            self,
            f"Closed{number + 1}",
            network_acl_id=closed.attr_id,
            subnet_id=subnet.attr_subnet_id,
        )
        accept(bound, "It binds the access list that has no entry.", "VPC3")
        return subnet.attr_subnet_id

    def _record(self, deployment: Deployment) -> None:
        """What tried to pass: a line there is an attempt, since nothing of ours sends anything."""
        log = logs.LogGroup(
            self,
            "FlowLog",
            encryption_key=deployment.key,
            retention=deployment.stage.log_retention,
            removal_policy=deployment.stage.removal_policy,
        )
        role = iam.Role(
            self,
            "FlowLogRole",
            assumed_by=iam.ServicePrincipal(
                "vpc-flow-logs.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": deployment.stack.account}},
            ),
            description="Writes what tried to leave the sandbox's network.",
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[log.log_group_arn],
            )
        )
        flow = ec2.CfnFlowLog(
            self,
            "Flow",
            resource_id=self.vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=log.log_group_name,
            deliver_logs_permission_arn=role.role_arn,
        )
        flow.node.add_dependency(role)
