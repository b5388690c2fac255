"""What a booting guest prints, and what it means: the login prompt, or an end that no waiting will mend."""

import re
from dataclasses import dataclass
from pathlib import Path

KEPT_BYTES = 256 << 10  # of each log, its end: a guest can print for ever
_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>])|\r")
_LOGIN = re.compile(r"^(?!Last )(\S+) login:", re.MULTILINE)

ENDS = (
    (r"ALERT!.*does not exist", "the initramfs did not find the root device"),
    (r"^\(initramfs\)", "the initramfs gave up and opened a shell"),
    (r"^dracut:/#|Entering emergency mode\. Exit", "dracut gave up and opened a shell"),
    (r"You are in emergency mode|Give root password for maintenance", "systemd went into emergency mode"),
    (r"Minimal BASH-like line editing|^grub rescue>|^grub>", "GRUB found no configuration and opened a shell"),
    (r"Kernel panic - not syncing", "the kernel panicked"),
    (r"No bootable device", "the firmware found nothing to boot"),
    (r"BdsDxe: No bootable option|UEFI Interactive Shell|^Shell>", "the firmware found no loader"),
    (r"error: no such (?:partition|device)", "GRUB did not find its partition"),
    (r"Security Violation|Verification failed: \(0x1A\)", "secure boot refused the loader"),
)
"""What is searched in console and firmware log, and what it means."""
_PANIC = re.compile(r"Kernel panic - not syncing")
_ENDS = tuple((re.compile(pattern, re.MULTILINE), meaning) for pattern, meaning in ENDS)


@dataclass(frozen=True)
class Seen:
    login: str | None = None  # the host name at the prompt
    failure: str = ""


def judge(text: str) -> Seen:
    """The prompt wins: a guest that got so far has got over what it said before. After it, only a panic counts."""
    if prompt := _LOGIN.search(text):
        after = _PANIC.search(text, prompt.end())
        return Seen(login=prompt[1][:253], failure=_said(text, after, "the kernel panicked") if after else "")
    for pattern, meaning in _ENDS:
        if found := pattern.search(text):
            return Seen(failure=_said(text, found, meaning))
    return Seen()


def _said(text: str, found: re.Match[str], meaning: str) -> str:
    line = text[text.rfind("\n", 0, found.start()) + 1 :].splitlines()[0].strip()
    return f"{meaning}: {line[:160]}"


def read(*logs: Path) -> str:
    """The ends of the logs, in order, as plain text."""
    return "\n".join(plain(_end(log)) for log in logs)


def plain(data: bytes) -> str:
    text = _ESCAPES.sub(b"", data).decode(errors="replace")
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")


def _end(log: Path) -> bytes:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - KEPT_BYTES))
            return file.read(KEPT_BYTES)
    except OSError:
        return b""
