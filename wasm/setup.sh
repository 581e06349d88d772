#!/bin/sh
# Installs what the project needs and this machine lacks: one line for each thing installed,
# nothing when all is there.
#
#   wasm/setup.sh build    what `make` and `make demo` need
#   wasm/setup.sh test     what `make test`, `make check` and `make fuzz` need besides
#   wasm/setup.sh full     what `make test-writers-full` needs besides
#
# Where it may not install, it prints the one command to run and stops.
set -eu

case $1 in
build)
    packages="emscripten gcc libc6-dev python3-dev python3-venv unzip zlib1g-dev zopfli"
    ;;
test)
    packages="clang clang-format clang-tidy libclang-rt-14-dev llvm
        chromium firefox-esr webkit2gtk-driver xvfb python3-gi gir1.2-webkit2-4.1 gir1.2-gtk-3.0
        fonts-dejavu-core
        zip 7zip libarchive-tools libarchive-zip-perl minizip"
    ;;
full)
    # Over 1 GB: what the machine has from elsewhere serves as well.
    packages=
    command -v jar >/dev/null || packages="$packages default-jdk-headless"
    command -v go >/dev/null || packages="$packages golang-go"
    command -v cargo >/dev/null || packages="$packages cargo"
    ;;
*)
    echo "usage: wasm/setup.sh build|test|full" >&2
    exit 2
    ;;
esac

log=build/setup/apt.log
mkdir -p build/setup

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
for package in $packages; do
    is_installed "$package" || missing="$missing $package"
done

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then
        as_root=env
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n env"
    else
        echo "Debian packages are missing. Run this, then make again:"
        echo "  sudo apt-get update && sudo apt-get install --yes --no-install-recommends$missing"
        exit 1
    fi
    echo "installing Debian packages:$missing (log: $log)"
    apt="$as_root DEBIAN_FRONTEND=noninteractive apt-get --quiet -o DPkg::Lock::Timeout=300"
    if ! { $apt update && $apt install --yes --no-install-recommends $missing; } >>"$log" 2>&1 </dev/null; then
        tail -n 20 "$log"
        echo "apt-get failed; its output is in $log"
        exit 1
    fi
fi

if ! node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null; then
    echo "Node.js 20 or newer is needed, with npm; this machine has: $(node --version 2>/dev/null || echo none)"
    exit 1
fi
# npm keeps a copy of the lock file beside what it installed.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "installing npm packages (log: build/setup/npm.log)"
    if ! npm ci --loglevel=error >build/setup/npm.log 2>&1 </dev/null; then
        tail -n 20 build/setup/npm.log
        echo "npm ci failed; its output is in build/setup/npm.log"
        exit 1
    fi
    touch node_modules/.package-lock.json
fi
