"""The policies for each synthesized stack."""

from infra.permissions import execution, place_of
from infra.permissions_files import files_of
from tests.infra.conftest import COMMON, PAGES

ACCOUNT, REGION = COMMON["account"], COMMON["region"]
STACKS = tuple(PAGES)


def where(name, content):
    return place_of(content, stack=name, account=ACCOUNT, region=REGION)


def executing(name, content):
    return execution(content, where(name, content))


def every_document(stack):
    return dict(files_of(stack[1], where(*stack)))
