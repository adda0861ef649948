"""The operator's catalogue on the page: each image is named in one way, and all of them fit a Lambda's environment."""

import pytest
from pydantic import ValidationError

from infra.page import Page

PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


def page(*images):
    return Page.model_validate(
        {
            "stage": "dev",
            "launch": "live",
            "region": "eu-west-1",
            "model": {"name": "m"},
            "images": list(images),
        }
    )


def test_an_image_is_an_id_or_a_public_parameter():
    by_id = {"name": "a", "image_id": "ami-0123456789abcdef0"}
    newest = {"name": "b", "description": "newest", "parameter": PARAMETER}
    first, second = page(by_id, newest).images
    assert (first.image_id, second.parameter) == ("ami-0123456789abcdef0", PARAMETER)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"image_id": "ami-0123456789abcdef0", "parameter": PARAMETER},
        {"parameter": "/Countersign/freeze"},
        {"parameter": "/aws/service"},
        {"parameter": f"{PARAMETER}:1\n"},
        {"image_id": "latest"},
        {"image_id": "ami-0123456789abcdef0", "name": "two\nlines"},
        {"image_id": "ami-0123456789abcdef0", "colour": "red"},
    ],
    ids=str,
)
def test_anything_else_is_refused(wrong):
    with pytest.raises(ValidationError):
        page({"name": "a", **wrong})


def test_two_images_of_one_name_are_refused():
    one = {"name": "a", "image_id": "ami-0123456789abcdef0"}
    with pytest.raises(ValidationError, match="one name"):
        page(one, one)


def test_a_catalogue_that_no_environment_holds_is_refused():
    many = [
        {"name": f"image {n}", "description": "x" * 200, "image_id": "ami-0123456789abcdef0"}
        for n in range(15)
    ]
    with pytest.raises(ValidationError, match="longer than"):
        page(*many)
