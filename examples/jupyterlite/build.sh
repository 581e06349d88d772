#!/bin/sh
# Builds a JupyterLite site in site/ that works without a network:
#
#   jupyterlite/build.sh PYODIDE DROP_IN VENV WHEELS
#
# PYODIDE is the folder of npm's package pyodide, DROP_IN what `make drop-in` makes, VENV where requirements.txt is
# installed, WHEELS a folder with those of wheels.txt, comm's and networkx's.
#
# A site whose visitors have a network needs no wheels, and no Pyodide: see docs/clients.md.
set -eu
cd "$(dirname "$0")"
pyodide=$1 drop_in=$2 venv=$3 wheels=$4

# What %pip finds besides. JupyterLite lists it for the kernel.
rm -rf pypi site .cache .jupyterlite.doit.db # which say what need not be built again
mkdir -p pypi
cp "$wheels"/comm-*.whl "$wheels"/networkx-*.whl pypi
"$venv/bin/jupyter" lite build --lite-dir . --output-dir site --no-sourcemaps >build.log 2>&1 ||
    { tail -n 20 build.log; exit 1; }

mkdir -p site/static/pyodide
cp "$drop_in" site/static
cp "$pyodide/pyodide.mjs" "$pyodide/pyodide.asm.mjs" "$pyodide/pyodide.asm.wasm" \
    "$pyodide/python_stdlib.zip" site/static/pyodide
cp "$wheels"/*.whl site/static/pyodide
rm site/static/pyodide/comm-*.whl site/static/pyodide/networkx-*.whl
"$venv/bin/python" lock.py "$pyodide" site/static/pyodide
