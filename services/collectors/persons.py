"""Persons: dropped where they are read, or kept as a keyed hash that only the key's holder can compare."""

import hashlib
import hmac
import re
from collections.abc import Callable

SHORTEST_KEY = 16
"""Characters; a shorter key can be found by trying (the names themselves are few)."""
DIGITS = 16
OF_FUNCTIONS = frozenset({"mailbox", "contact"})
"""Properties that hold addresses of functions; those of persons belong nowhere."""
_MAIL = re.compile(r"\s*[<(]?\b[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+[>)]?")

_ACCOUNT = re.compile(r"(?<=COPR) \(.*\)| - (user|group) .*|/home:.*", re.IGNORECASE)
"""Build services write whose project it is: `Fedora Copr - user NAME`, `obs://build.opensuse.org/home:NAME`."""
_HOME = re.compile(r"(?<=/home/)[^\s/'\"`:]+|(?<=\\Users\\)[^\s\\'\"`:]+|(?<=/Users/)[^\s/'\"`:]+", re.IGNORECASE)
_LOGIN = re.compile(r"[^\s@'\"]+@(?=[\w\[])|(?<=\buser )['\"]?[\w.\\-]+['\"]?$|(?<=\bfor user )['\"]?[\w.\\-]+['\"]?")


def without_addresses(text: str) -> str:
    """A text without the e-mail addresses in it."""
    return _MAIL.sub("", text)


def maker(text: str) -> str:
    """Who made a package, without e-mail addresses and the accounts of build services."""
    return _ACCOUNT.sub("", without_addresses(text)).strip()


def without_logins(text: str) -> str:
    """A message of a tool without the login that it tried and whose home folders it names."""
    return _HOME.sub("...", _LOGIN.sub("", text))


def kept(name: str, text: str) -> str:
    """What somebody wrote, as the property of this name may say it: without e-mail addresses but those of functions."""
    return text if name in OF_FUNCTIONS or "@" not in text else without_addresses(text).strip()


def hashed(key: str) -> Callable[[str], str]:
    """HMAC-SHA-256 (RFC 2104) of a name, without regard to case and blanks; its first 16 hexadecimal digits."""

    def person(name: str) -> str:
        plain = " ".join(name.casefold().split())
        if not plain:
            return ""
        return hmac.new(key.encode(), plain.encode(), hashlib.sha256).hexdigest()[:DIGITS]

    return person
