"""Stacks synthesized once per run, without zips, and looked at by cdk-nag on the way."""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.agents import compile_agents, serialized
from infra.interpreter import LAMBDA_MINOR, LAMBDA_PLATFORM, Target
from infra.packages import Packages
from infra.page import ROOT, Page
from infra.stack import Countersign
from infra.target_stack import CountersignTarget
from tests.infra.template import Template

COMMON = {
    "launch": "live",
    "region": "eu-west-1",
    "account": "123456789012",
    "model": {"name": "a-model"},
}
WEB_PROFILE = "arn:aws:iam::123456789012:instance-profile/Web"
WEB_ROLE = "arn:aws:iam::123456789012:role/Web"
"""The instance profile that the operator of WithSes fixed, and the role in it."""
WORKLOADS = "210987654321"
"""Another account, where InSubnets has a target with two regions."""
WORKLOADS_SUBNET = "subnet-2123456789abcdef0"
PAGES: Mapping[str, dict[str, Any]] = {
    "Production": {
        "stage": "prod",
        "alarm_email": "operator@example.com",
        "mail": {"recipients": ["bob@example.com", "carol@example.com"]},
    },
    "WithSes": {
        "stage": "dev",
        "target": {
            "name": "elsewhere",
            "region": "eu-north-1",
            "subnet_id": "subnet-0123456789abcdef0",
            "security_group_ids": ["sg-0123456789abcdef0"],
            "fixed": {
                "instance_profile": {"arn": WEB_PROFILE, "role_arn": WEB_ROLE},
                "encrypted_root_volume": True,
                "public_address": False,
                "tags": {"CostCenter": "4711"},
            },
        },
        "retired_seal_keys": ["arn:aws:kms:eu-west-1:123456789012:key/retired"],
        "mail": {"channel": "ses", "from": "countersign@example.com"},
        "secrets": {
            "MAPS_KEY": {"host": "api.maps.example"},
            "NEWS_KEY": {
                "host": "news.example:8443",
                "arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:news-AbCdEf",
            },
        },
    },
    "Laptop": {
        "stage": "local",
        "origin": "http://127.0.0.1:8787",
        "login": {"login_url": "http://127.0.0.1:8787", "token_url": "http://127.0.0.1:4566"},
    },
    "Analysis": {"stage": "prod", "sandbox": {"keep_days": 14}},
    "InSubnets": {
        "stage": "dev",
        "permissions_boundary": "Ceiling",
        "targets": {
            "default": {},
            "workloads": {
                "account": WORKLOADS,
                "external_id": "choose-any-long-word",
                "regions": {"eu-west-1": {}, "eu-north-1": {"subnet_ids": [WORKLOADS_SUBNET]}},
                "images": [{"name": "Ours", "image_id": "ami-0123456789abcdef0"}],
            },
        },
        "model": {
            "provider": "bedrock",
            "name": "openai.gpt-oss-120b-1:0",
            "region": "eu-central-1",
            "aliases": {
                "fast": "eu.vendor.fast-v1",
                "shared": "arn:aws:bedrock:eu-central-1:123456789012:"
                "application-inference-profile/abc123",
            },
        },
        "domain": {
            "name": "countersign.example.com",
            "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d",
        },
        "allowed_cidrs": ["203.0.113.0/24", "2001:db8:10::/48"],
        "tags": {"Owner": "platform", "CostCenter": "4711"},
        "sandbox": {
            "seconds": 45,
            "memory_mb": 1024,
            "network": {
                "vpc_id": "vpc-0123456789abcdef0",
                "subnet_ids": ["subnet-0123456789abcdef0", "subnet-1123456789abcdef0"],
            },
        },
    },
    "LaptopAnalysis": {"stage": "local"},
}
WITH_PYTHON = ("Analysis", "InSubnets", "LaptopAnalysis")
"""Stacks with agents that need Python; the others are what is deployed by default."""
ACCESS = {"WithSes": {"use": ["requesters", "network"], "approve": ["security", "network"]}}
"""Groups that the manifests of a stack name."""

RESTART_ROLE = "arn:aws:iam::123456789012:role/Restart"
RUNBOOKS: Mapping[str, dict[str, Any]] = {
    "WithSes": {
        "restarts": {
            "functions": [{"name": "restart"}, {"name": "reboot"}],
            "actions": {
                "restart": {
                    "kind": "document",
                    "document": "Company-RestartService",
                    "version": "4",
                    "role": RESTART_ROLE,
                },
                "reboot": {
                    "kind": "document",
                    "document": "AWS-RestartEC2Instance",
                    "version": "1",
                    "role": RESTART_ROLE,
                },
            },
        }
    }
}
"""Agents of a stack, as compiled, whose calls start runbooks."""
IN_WORKLOADS: Mapping[str, dict[str, Any]] = {
    "restarts": {
        "functions": [{"name": "restart"}, {"name": "elsewhere"}],
        "actions": {
            name: {"kind": "document", "document": f"Company-{name}", "version": "4", "role": role}
            for name, role in (
                ("restart", f"arn:aws:iam::{WORKLOADS}:role/Restart"),
                ("elsewhere", RESTART_ROLE),
            )
        },
    }
}
"""Runbooks: one whose role is in the other account, and one whose role is at home."""


@dataclass(frozen=True)
class Assembly:
    """What one synth wrote."""

    directory: Path
    refused: str
    """What the validation said, empty when it accepted everything."""

    def file(self, stack: str) -> Path:
        return self.directory / f"{stack}.template.json"

    def template(self, stack: str) -> Template:
        return Template(json.loads(self.file(stack).read_text()))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory):
    """Made by the first process of the session that needs it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    directory, kept = shared / "assembly", shared / "assembly.kept"
    with (shared / "assembly.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(synthesized(directory))
    return Assembly(directory, kept.read_text())


def synthesized(directory):
    """What the validation refused; empty when it accepted everything."""
    agents = compile_agents(ROOT / "agents")
    gallery = compile_agents(ROOT / "agents" / "gallery")
    running_python = {name: gallery[name] for name in ("analyst", "figures")}
    packages = Packages(
        target=Target("never-run", LAMBDA_MINOR, LAMBDA_PLATFORM), agents=serialized(agents)
    )
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(
        outdir=str(directory),
        context={
            **context,
            "aws:cdk:bundling-stacks": [],
            "aws:cdk:enable-path-metadata": True,
        },
    )
    for stack, page in PAGES.items():
        checked = Page.model_validate({**COMMON, "stack": stack, **page})
        access = {"access": ACCESS[stack]} if stack in ACCESS else {}
        named = {agent_id: {**agent, **access} for agent_id, agent in agents.items()}
        named |= RUNBOOKS.get(stack, {})
        if stack in WITH_PYTHON:
            named |= running_python
        Countersign(app, page=checked, agents=named, packages=packages)
        if stack == "InSubnets":
            CountersignTarget(
                app, page=checked, agents={**named, **IN_WORKLOADS}, target="workloads"
            )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError:
        return (directory / "validation-report.json").read_text()
    return ""


@pytest.fixture(scope="session")
def production(assembly):
    return assembly.template("Production")


@pytest.fixture(scope="session")
def with_ses(assembly):
    return assembly.template("WithSes")


@pytest.fixture(scope="session")
def laptop(assembly):
    return assembly.template("Laptop")


@pytest.fixture(scope="session")
def analysis(assembly):
    return assembly.template("Analysis")


@pytest.fixture(scope="session")
def in_subnets(assembly):
    return assembly.template("InSubnets")


@pytest.fixture(scope="session")
def in_workloads(assembly):
    """The stack countersign-target of InSubnets."""
    return assembly.template("InSubnets-target-workloads")


@pytest.fixture(scope="session")
def laptop_analysis(assembly):
    return assembly.template("LaptopAnalysis")
