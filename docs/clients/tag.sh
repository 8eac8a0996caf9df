#!/bin/sh
# Tags a photo: `sh tag.sh http://127.0.0.1:8080 photo.jpg`. curl waits as long as Retry-After says.
curl --silent --show-error --fail-with-body --retry 5 --retry-max-time 120 \
  --header 'Content-Type: image/jpeg' --data-binary "@$2" "$1/predictions/tagger"
