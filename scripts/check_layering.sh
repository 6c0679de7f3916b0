#!/usr/bin/env bash
# Checks the layout of the product folders (docs/architecture.md, "Layering") and that every header compiles alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

/usr/bin/python3 scripts/check_layering.py
/usr/bin/python3 scripts/check_headers.py
