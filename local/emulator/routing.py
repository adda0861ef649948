"""Corrections of where the emulator sends a request."""

from collections.abc import Callable

from local.emulator.patching import wrap

IS_AWS_SERVICE = "ministack.core.router:_is_aws_service_name"
ASKED_IN_VAIN = frozenset({"pricing", "servicequotas"})
"""Services that the product asks and the emulator lacks, by the name that they are signed for."""


def services_it_lacks_are_refused_at_once() -> None:
    """Stock: the first request to a service that it lacks loads the models of every AWS service
    while all other requests wait, many seconds. Here: those that the product asks are known by
    name."""

    def known(is_aws_service: Callable[[str], bool]) -> Callable[[str], bool]:
        return lambda name: name in ASKED_IN_VAIN or is_aws_service(name)

    wrap(IS_AWS_SERVICE, known)
