"""A synthesized template as the tests ask about it: resources by type and path, rights by role."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Resource:
    id: str
    type: str
    path: str
    """Its place in the tree of constructs, below the stack."""
    properties: Mapping[str, Any]
    whole: Mapping[str, Any]


@dataclass(frozen=True)
class Right:
    """One action on one resource, as a role's policy allows it."""

    holder: str
    """The role's place in the tree of constructs."""
    action: str
    resource: str
    conditions: Any
    sid: str


class Template:
    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        self.resources = [
            Resource(
                id=name,
                type=value["Type"],
                path=value.get("Metadata", {})
                .get("aws:cdk:path", "")
                .partition("/")[2]
                .removesuffix("/Resource"),
                properties=value.get("Properties", {}),
                whole=value,
            )
            for name, value in content["Resources"].items()
        ]

    def of_type(self, type_: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, path: str = "") -> Resource:
        [found] = [item for item in self.of_type(type_) if item.path.startswith(path)]
        return found

    @property
    def outputs(self) -> dict[str, str]:
        return {
            name: self.spelled(value["Value"]) for name, value in self.content["Outputs"].items()
        }

    def environment(self, path: str) -> dict[str, str]:
        variables = self.one("AWS::Lambda::Function", path).properties["Environment"]["Variables"]
        return {name: self.spelled(value) for name, value in variables.items()}

    def rights(self) -> list[Right]:
        return [right for right in self._rights() if right]

    def holders_of(self, action: str) -> set[str]:
        return {right.holder for right in self.rights() if right.action == action}

    def rights_of(self, holder: str) -> list[Right]:
        return [right for right in self.rights() if right.holder == holder]

    def denials_of(self, holder: str) -> list[Mapping[str, Any]]:
        """The statements that take rights away from a role."""
        return [
            statement
            for found, statement in self._statements()
            if found == holder and statement["Effect"] == "Deny"
        ]

    def _statements(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for holder, document in self._documents():
            for statement in document["Statement"]:
                yield holder, statement

    def _documents(self) -> list[tuple[str, Mapping[str, Any]]]:
        roles = {role.id: role for role in self.of_type("AWS::IAM::Role")}
        documents = [
            (role.path, policy["PolicyDocument"])
            for role in roles.values()
            for policy in role.properties.get("Policies", [])
        ]
        for policy in self.of_type("AWS::IAM::Policy"):
            for role in policy.properties["Roles"]:
                documents.append((roles[role["Ref"]].path, policy.properties["PolicyDocument"]))
        return documents

    def _rights(self) -> Iterator[Right]:
        for holder, statement in self._statements():
            if statement["Effect"] == "Deny":
                continue
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    yield Right(
                        holder,
                        action,
                        self.spelled(resource),
                        statement.get("Condition"),
                        statement.get("Sid", ""),
                    )

    def spelled(self, value: Any) -> str:
        """A value with references replaced by `<path of the resource>`."""
        if isinstance(value, str):
            return value
        [(function, argument)] = value.items()
        if function == "Fn::Join":
            return argument[0].join(self.spelled(part) for part in argument[1])
        if function in ("Ref", "Fn::GetAtt"):
            name = argument if isinstance(argument, str) else argument[0]
            return f"<{self._path(name)}>"
        return f"<{function}>"

    def _path(self, id_: str) -> str:
        return next((item.path for item in self.resources if item.id == id_), id_)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
