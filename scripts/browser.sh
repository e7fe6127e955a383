#!/usr/bin/env bash
# Sees to the Chromium that the browser tests drive: installs it on Debian or Ubuntu as root, elsewhere says what to type.
set -euo pipefail

found() { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null
found && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium (the browser tests drive it) ..."
  apt-get update -qq || true
  apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 || true
  found && exit 0
fi
echo "The browser tests need Chromium, which is not on the path: sudo apt-get install chromium (or put chromium or google-chrome on the path)" >&2
exit 1
