"""What nobody sees who isn't given it: secrets, the logins of agents, and what leads outside."""

from __future__ import annotations

from typing import Final

IN_HOME: Final = (
    # keys and the logins of tools
    *(".ssh", ".gnupg", ".pki", ".netrc", "_netrc", ".git-credentials", ".config/git/credentials"),
    *(".config/gh", ".config/hub", ".config/glab-cli", ".config/github-copilot"),
    *(".aws", ".azure", ".config/gcloud", ".boto", ".s3cfg", ".oci", ".config/doctl", ".fly"),
    *(".config/hcloud", ".config/rclone", ".config/heroku", ".terraform.d", ".terraformrc"),
    *(".kube", ".docker", ".config/containers", ".local/share/containers", ".vagrant.d"),
    *(".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".gem/credentials", ".bundle/config"),
    *(".cargo/credentials", ".cargo/credentials.toml", ".m2/settings-security.xml"),
    *(
        ".pgpass",
        ".my.cnf",
        ".mylogin.cnf",
        ".dbshell",
        ".config/sops",
        ".config/op",
        ".vault-token",
    ),
    *(
        ".config/age",
        ".password-store",
        ".config/keybase",
        ".config/1Password",
        ".config/Bitwarden",
    ),
    *(".local/share/keyrings", ".local/share/kwalletd", "Library/Keychains"),
    # what agents and assistants are logged in with
    *(".copilot", ".codex", ".claude", ".claude.json", ".gemini", ".aider", ".config/goose"),
    *(".local/share/goose", ".local/state/goose", ".config/opencode", ".local/share/opencode"),
    *(".config/mini-swe-agent", ".openclaw", ".clawdbot", ".config/anthropic", ".openai"),
    # a person's own life
    *(
        ".mozilla",
        ".thunderbird",
        ".config/google-chrome",
        ".config/chromium",
        ".config/microsoft-edge",
    ),
    *(".config/BraveSoftware", ".config/Signal", ".config/Slack", ".config/discord", ".electrum"),
    *(".bitcoin", ".ethereum", ".bash_history", ".zsh_history", ".local/share/fish/fish_history"),
    *(
        ".python_history",
        ".node_repl_history",
        ".psql_history",
        ".mysql_history",
        ".sqlite_history",
    ),
    *(".Xauthority", ".ICEauthority", ".dbus"),
)
"""Paths below each home of the person's."""

IN_SYSTEM: Final = (
    *("/home", "/root", "/var/root", "/Users"),
    *(
        "/etc/shadow",
        "/etc/shadow-",
        "/etc/gshadow",
        "/etc/gshadow-",
        "/etc/sudoers",
        "/etc/sudoers.d",
    ),
    *("/etc/ssh", "/etc/krb5.keytab", "/etc/security/opasswd", "/etc/NetworkManager"),
    *("/etc/wireguard", "/etc/openvpn", "/etc/ipsec.secrets", "/etc/ppp", "/etc/wpa_supplicant"),
    *(
        "/etc/letsencrypt",
        "/etc/ssl/private",
        "/etc/pki/tls/private",
        "/etc/docker",
        "/etc/kubernetes",
    ),
    *("/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/kubelet"),
    *("/var/lib/libvirt", "/var/lib/systemd/coredump", "/var/spool", "/var/mail", "/var/log"),
    *("/var/backups", "/boot", "/efi", "/lost+found"),
)
"""Other people's homes, and what only the system's own programs need. The own home is readable."""

PRIVATE: Final = ("/tmp", "/var/tmp", "/run", "/var/run", "/dev/shm")  # noqa: S108 - it is made empty
"""Folders that all programs share, with their sockets: each sandbox has its own."""

KEPT: Final = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/localtime"),
    *("/run/current-system", "/run/booted-system", "/run/opengl-driver"),
)
"""What is needed from a place that is private else: how names are found, and NixOS's programs."""

LAYERED: Final = ("", ".cache", ".config", ".local", ".local/share", ".local/state")
"""Folders of a home where programs make folders of their own: they may, and these are lost."""
