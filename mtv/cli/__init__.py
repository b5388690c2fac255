"""Commands: parse, call a verb, print."""


def main() -> int:
    return 0
