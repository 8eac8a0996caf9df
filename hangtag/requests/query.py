"""The query of a URL -> parts of a request."""

import re
from urllib.parse import parse_qsl

from hangtag.errors import RequestError
from hangtag.requests.parts import Part

# Options and texts are fewer than ten; `groups` may be repeated.
_MAX_QUERY_FIELDS = 1000
_ESCAPED_BY_JAVASCRIPT = re.compile("%u[0-9a-f]{4}", re.IGNORECASE)


def parts_of_query(query: str) -> list[Part]:
    """Return the parameters of a URL's query, such as `groups=colour&top_k=3`.

    Parameters
    ----------
    query : as it was sent, a letter for each byte (Latin-1); which bytes are no UTF-8 is said by
        who reads the parts

    Raises
    ------
    RequestError : if there are absurdly many, or they are escaped as in no URL.
    """
    if _ESCAPED_BY_JAVASCRIPT.search(query):
        raise RequestError(
            "The query is escaped as JavaScript's escape() does it; encodeURIComponent() writes "
            "UTF-8, as it should be."
        )
    try:
        fields = parse_qsl(
            query.encode("latin-1", "replace").decode("latin-1"),
            keep_blank_values=True,
            max_num_fields=_MAX_QUERY_FIELDS,
            encoding="latin-1",
        )
    except ValueError as error:
        raise RequestError(f"The query has more than {_MAX_QUERY_FIELDS} parameters.") from error
    return [
        Part(
            name.encode("latin-1").decode("utf-8", "backslashreplace"), "", value.encode("latin-1")
        )
        for name, value in fields
    ]
