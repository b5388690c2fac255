"""What a stranger's text may hold in a file that a spreadsheet opens."""

import re

_UNSAID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # no XML can hold most of them
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
           "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
"""What a spreadsheet takes for the beginning of a formula:
https://owasp.org/www-community/attacks/CSV_Injection"""


def kept(text: str) -> str:
    """Line breaks, tabs and any script stay; other control characters, which mean nothing in a table, do not."""
    return _UNSAID.sub("\N{REPLACEMENT CHARACTER}", text)


def is_formula(text: str) -> bool:
    return text.startswith(FORMULA)
