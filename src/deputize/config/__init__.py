"""Settings: defaults < home config.toml < repository deputize.toml < environment < flags."""
