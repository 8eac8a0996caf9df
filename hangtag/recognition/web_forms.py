"""What a text is that a web form, or a shell, made of JSON or of fields."""

import re

# (how a text begins, what it is, what to do); the first that fits.
_KINDS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), name, advice)
    for pattern, name, advice in (
        (
            r"%7b|%5b%7b|%22",
            "percent-encoded JSON",
            "send the JSON as it is, with Content-Type: application/json",
        ),
        (
            r"[\w.\[\]%+-]{1,100}=\s*(?:[{\[\"]|%7b|%5b%7b|%22)",
            "JSON in a field of a web form",
            "send the JSON alone, as the body, with Content-Type: application/json",
        ),
        (
            r"'\s*[{\[]",
            "JSON in single quotes, as cmd.exe of Windows leaves them",
            "put the JSON into a file, and send it with `--data-binary @FILE`",
        ),
        (
            # Base64 ends with `=`, and has neither spaces nor `&` in the middle.
            r"(?:[\w.\[\]%+-]{1,100}=(?!=*$)[^\s<>{}]*|[a-z][\w.\[\]-]{0,39}=(?!=*$)[^\r\n<>{}]*)$",
            "a web form",
            "send multipart/form-data, and leave its header to your client",
        ),
    )
)
_ADVICE = {name: advice for _, name, advice in _KINDS}


def name_of_form(head: str) -> str | None:
    """Return what the beginning of a text is, such as `a web form`; None if it is nothing of it."""
    return next((name for pattern, name, _ in _KINDS if pattern.match(head)), None)


def advice_on_form(name: str) -> str | None:
    """Return what to do instead of sending what has this name; None if it is none of these."""
    return _ADVICE.get(name)
