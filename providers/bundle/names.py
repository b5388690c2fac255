"""A stranger's VM name as the name of a folder: readable, inside OUT, and never two VMs in one."""

import hashlib
import re
import unicodedata

LONGEST = 100  # of 255 bytes that a file system allows: leaves room for what is put beside it
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


def folder_name(name: str) -> str:
    """The name itself where it is plain; else what is left of it, and ten digits of its hash: what was lost must not
    make two names equal."""
    if _PLAIN.fullmatch(name):
        return name
    readable = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    left = _ODD.sub("-", readable).strip("-.")[: LONGEST - 11].rstrip("-.")
    digits = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:10]
    return f"{left}-{digits}" if left else f"vm-{digits}"


def shown(name: str) -> str:
    """A stranger's name in a message: on one line, without control characters, not for ever."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in name)
    return clean if len(clean) <= 80 else clean[:77] + "..."
