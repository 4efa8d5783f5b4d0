"""Commands in running text, such as *git push --force*: the same words in every language."""

SUBCOMMANDS = {
    "git": "add|bisect|blame|branch|checkout|cherry-pick|clone|commit|config|diff|fetch|init|log|merge|pull|push|rebase|"
    "reflog|remote|reset|restore|revert|stash|status|submodule|switch|tag",
    "npm": "audit|ci|exec|init|install|link|publish|run|start|test|uninstall|update",
    "pip": "freeze|install|list|show|uninstall",
    "docker": "build|compose(?: (?:build|down|exec|logs|run|up))?|exec|images|logs|ps|pull|push|run|start|stop",
    "kubectl": "apply|create|delete|describe|exec|get|logs|rollout|scale",
    "apt": "autoremove|install|purge|remove|search|update|upgrade",
    "cargo": "build|clippy|fmt|install|publish",
    "yarn": "add|build|install|start",
    "brew": "install|uninstall|update|upgrade",
    "conda": "activate|create|deactivate|env|install",
    "systemctl": "disable|enable|restart|start|status|stop",
}
"""Programs that are asked for something by a word, and these words: such a command is one in any language."""
SPELT = {"npm": "p?npm", "pip": "pip3?", "apt": "apt(?:-get)?"}
PROGRAMS = (
    "awk|chmod|chown|cp|curl|dd|df|du|ffmpeg|gcc|grep|gzip|java|journalctl|kill|ln|ls|make|mkdir|mv|node|npx|ps|pytest|"
    "python3?|rm|rsync|scp|sed|ssh|tar|touch|unzip|uv|wget|xargs|zip"
)
"""Programs whose names may be words as well: with an option behind it, such a name is a command."""
OPTION = r" --?[A-Za-z][\w-]*+(?:=[\w./:-]*\w)?"
COMMAND = (
    r"(?<![\w./-])(?:sudo )?(?:(?:"
    + "|".join(f"{SPELT.get(name, name)} (?:{words})" for name, words in SUBCOMMANDS.items())
    + rf")(?![\w-])(?:{OPTION}){{0,9}}"
    + rf"|(?:{'|'.join(SPELT.get(name, name) for name in SUBCOMMANDS)}|{PROGRAMS})(?:{OPTION}){{1,9}})"
)
NAMES = tuple(f"{name} " for name in (*SUBCOMMANDS, "apt-get", "pip3"))
"""One of these stands in a command that has no option."""
