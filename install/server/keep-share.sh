#!/bin/sh
# Hands every visit's folder on the share to root, so that any device may add to it and none may rename or remove what
# another put there (in a sticky folder the folder's owner still could). Run by make-share.sh's systemd units, or cron.
#
#   keep-share.sh [DIR]   (default /srv/photo-share)
set -eu

visits=${1:-/srv/photo-share}/photos/visits
find "$visits" -mindepth 1 -maxdepth 1 -type d ! -user root -exec sh -c '
    for folder; do
        # First the owner, of the name itself: from here on no device can put a link in its place.
        chown -h root:photo-share "$folder"
        if [ -d "$folder" ] && [ ! -L "$folder" ]; then
            chmod 3770 "$folder"
        fi
    done' keep-share {} +
