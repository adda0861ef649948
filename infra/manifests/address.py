"""The address of a service in a manifest: its host stands in plain letters, only what follows may be filled in."""

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"^(https?)://([^/?#{}]*)([/?#{].*)?$", re.DOTALL | re.IGNORECASE)
_HOST = re.compile(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")
_EXPRESSION = re.compile(r"\{([+#./;?&]?)([^{}]*)\}")
_VARIABLE = re.compile(r"^([A-Za-z0-9_.-]+)(\*|:\d{1,4})?$")


class BadAddress(Exception):
    """An address cannot be used; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Address:
    scheme: str
    host: str
    """Lower case, with its port where one is written."""
    names: tuple[str, ...]
    """What its placeholders ask for, in order."""


def read_address(url: str) -> Address:
    """The parts of a URL template; raises `BadAddress`."""
    if any(not one.isprintable() or one.isspace() for one in url):
        raise BadAddress("bad_url", "an address holds no spaces and no control characters")
    match = _ADDRESS.match(url)
    if match is None:
        raise BadAddress("bad_url", "an address begins with https:// and a host")
    scheme, authority, rest = match[1].lower(), match[2], match[3] or ""
    if rest.startswith("{") and not rest.startswith(("{/", "{?", "{#")):
        raise BadAddress("host_not_literal", "the host must stand in the manifest as it is")
    if "@" in authority:
        raise BadAddress("bad_url", "an address names no user")
    host, _, port = authority.partition(":")
    try:
        plain = host.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise BadAddress("bad_url", f"{host!r} is not the name of a host") from error
    if not _HOST.match(plain) or (":" in authority and not _is_port(port)):
        raise BadAddress("host_not_literal", f"{authority!r} is not the name of a host")
    return Address(scheme, f"{plain}:{port}" if port else plain, _names(rest))


def _names(template: str) -> tuple[str, ...]:
    named: list[str] = []
    for expression in _EXPRESSION.finditer(template):
        for part in expression[2].split(","):
            variable = _VARIABLE.match(part.strip())
            if variable is None:
                raise BadAddress("bad_url", f"{expression[0]!r} is not a placeholder")
            named.append(variable[1])
    if "{" in (rest := _EXPRESSION.sub("", template)) or "}" in rest:
        raise BadAddress("bad_url", "a brace stands alone")
    return tuple(dict.fromkeys(named))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 65_536
