#!/usr/bin/env bash
# Onboards this machine with nobody there, paid from the owner's wallet. Start it again as often as
# you like: it goes on where it stopped, and a finished machine costs nothing.
#   PEAQOS_PRIVATE_KEY=0x… PASSPHRASE_FILE=passphrase NAME=arm-7 ./onboard.sh
set -uo pipefail
state=${STATE_DIR:-$HOME/.local/state/peaq-onboard/unattended}
wizard=(peaq-onboard --network "${NETWORK:-agung}" --state-dir "$state")
answers=(--documentation-url "https://example.com/$NAME" --data-api "https://example.com/$NAME/data"
  --data-visibility public --passphrase-file "$PASSPHRASE_FILE" --backup none --fund owner --yes)

for attempt in {1..30}; do
  "${wizard[@]}" --no-input --key generate "${answers[@]}"
  code=$?
  case $code in
    0) exec "${wizard[@]}" receipt --verify ;;
    2 | 75) echo "attempt $attempt: exit code $code, again soon" >&2 && sleep "${PAUSE:-60}" ;;
    *) exit "$code" ;; # somebody has to look: status says at what
  esac
done
exit "$code"
