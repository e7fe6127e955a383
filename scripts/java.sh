#!/usr/bin/env bash
# Sees to Java 17 or newer: installs the headless package on Debian or Ubuntu as root, elsewhere says what to type.
set -euo pipefail

version() {
  local java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
  { "$java" -version 2>&1 || true; } | sed -nE 's/.*version "([0-9]+).*/\1/p' | head -n 1
}
found=$(version)
[ "${found:-0}" -ge 17 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Java (${found:+found Java $found, }Spark needs 17 or newer) ..."
  apt-get update -qq
  for package in openjdk-17-jre-headless openjdk-21-jre-headless; do
    if apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1; then break; fi
  done
  unset JAVA_HOME
  found=$(version)
  [ "${found:-0}" -ge 17 ] && exit 0
fi
echo "mixlake needs Java 17 or newer (${found:+this is Java $found}${found:-there is none}): sudo apt-get install openjdk-17-jre-headless" >&2
exit 1
