#!/bin/sh
# Hands every visit's folder on the share to root, so that any device may add to it and none may rename, remove or list
# what another put there; moves links and other things that are not folders out of the way. What it does and why it may
# do so as root is told in keep_share.py beside this. make-share.sh installs that as /usr/local/sbin/photo-share-keep.
#
#   keep-share.sh [--all] [DIR]   (default /srv/photo-share)
set -eu

exec python3 -I "$(dirname "$0")/keep_share.py" "$@"
