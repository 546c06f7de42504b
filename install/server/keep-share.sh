#!/bin/sh
# Hands every visit's folder on the share to root, so that any device can add files to it and no device can rename, remove
# or list another's files. Moves links and other things that are not folders out of the way. keep_share.py, beside this
# script, explains how this is safe as root; make-share.sh installs it as /usr/local/sbin/photo-share-keep.
#
#   keep-share.sh [--all] [DIR]   (default /srv/photo-share)
set -eu

exec python3 -I "$(dirname "$0")/keep_share.py" "$@"
