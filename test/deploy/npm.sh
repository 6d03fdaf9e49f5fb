#!/bin/sh
# npm, in an image whose base is this machine.
exec node /opt/npm/bin/npm-cli.js "$@"
