#!/usr/bin/env bash
# Onboards this machine unattended, paid from the owner's wallet. Start it again as often as you
# like: it resumes where it stopped, and a machine that is onboarded costs nothing.
#   PEAQOS_PRIVATE_KEY=0x… PASSPHRASE_FILE=passphrase NAME=arm-7 ./onboard.sh
set -uo pipefail
: "${PEAQOS_PRIVATE_KEY:?set it to the private key of the owner\'s wallet}"
: "${PASSPHRASE_FILE:?set it to a file that holds the passphrase}"
: "${NAME:?set it to the name of this machine}"
state=${STATE_DIR:-$HOME/.local/state/peaq-onboard/unattended}
wizard=(peaq-onboard --network "${NETWORK:-agung}" --state-dir "$state")
answers=(--protocol guide --documentation-url "https://example.com/$NAME"
  --data-api "https://example.com/$NAME/data" --data-visibility public
  --passphrase-file "$PASSPHRASE_FILE" --backup none --fund owner --yes)

for attempt in {1..30}; do
  "${wizard[@]}" --no-input --no-qr --key generate "${answers[@]}" >/dev/null # the receipt follows
  code=$?
  case $code in
    0) exec "${wizard[@]}" receipt --verify ;;
    2 | 75) echo "attempt $attempt: exit code $code, retrying" >&2 && sleep "${PAUSE:-60}" ;;
    *) exit "$code" ;; # a person has to act: status says on what
  esac
done
exit "$code"
