"""AWS's Price List as it answers, for what moto lacks."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_states import client_error


def product(
    price: object, *, unit: str = "Hrs", usagetype: str = "BoxUsage", currency: str = "USD"
) -> str:
    """One product as the API sends it: a string of JSON."""
    dimension = {"unit": unit, "beginRange": "0", "pricePerUnit": {currency: price}}
    return json.dumps(
        {
            "product": {"attributes": {"usagetype": usagetype}, "sku": "SKU"},
            "serviceCode": "AmazonEC2",
            "terms": {
                "OnDemand": {"SKU.TERM": {"priceDimensions": {"SKU.TERM.RATE": dimension}}},
                "Reserved": {},
            },
        }
    )


@dataclass
class FakePricing:
    """Answers by what a filter asks for; without an answer, the list is denied."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    """By instance type, volume type or group."""
    requests: list[dict[str, Any]] = field(default_factory=list)

    def can_paginate(self, _: str) -> bool:
        return False

    def get_products(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        asked = {one["Field"]: one["Value"] for one in request["Filters"]}
        for name in ("instanceType", "volumeApiName", "group"):
            if asked.get(name) in self.answers:
                return {"FormatVersion": "aws_v1", "PriceList": self.answers[asked[name]]}
        raise client_error("AccessDeniedException", "GetProducts")


def tells_the_demo(pricing: FakePricing) -> None:
    """Prices of a small instance, its disk and its address, which the shipped table does not have."""
    pricing.answers.update(
        {
            "t2.micro": [product("0.0200")],
            "gp3": [product("0.0730", unit="GB-Mo", usagetype="EBS:VolumeUsage.gp3")],
            "VPCPublicIPv4Address": [
                product("0.0070", usagetype="USE1-PublicIPv4:IdleAddress"),
                product("0.0050", usagetype="USE1-PublicIPv4:InUseAddress"),
            ],
        }
    )
