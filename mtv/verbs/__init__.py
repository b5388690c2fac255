"""One function per verb, for command line, TUI and scripts alike."""
