# Completion of peaq-onboard for bash: source this file, or copy it to
# /usr/share/bash-completion/completions/peaq-onboard
# Made by docs/make_tables.py.
_peaq_onboard() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words='' word
  case $before in
    --backup) words='copied none' ;;
    --data-visibility) words='public private onchain' ;;
    --fund) words='gas-station owner manual' ;;
    --network) words='mainnet agung rehearsal' ;;
    --fault) words='invalid-code expired-code locked 2fa-not-configured qr-failed rate-limited owner-cap wallet-cap duplicate-request transfer-failed skipped-but-poor underfunded lost-answer gas-station-down gas-station-html already-registered no-price price-raised voucher-partial voucher-full technical-pause peer-mismatch peer-unset subject-taken minted-inactive activation-reverts forged-event did-text-error did-bare-error rpc-down rpc-html slow-blocks mcr-down mcr-silent mcr-conflict' ;;
    --key) words='generate keep environment' ;;
    explain) words='environment keypair enrolment confirmation funding registration machine-nft' ;;
    --env-file|--state-dir|--block-time|--passphrase-file|--documentation-url|--data-api|--code-command|--accept-bond|--wait|--port) ;;
    *) words='status verify-key doctor receipt explain devnet -h --help --network --env-file --state-dir --fault --block-time --version --rehearse --single-transaction --key --passphrase-file --backup --documentation-url --data-api --data-visibility --fund --code-command --yes --accept-bond --accept-contracts --no-input --wait --plain --no-qr'
       for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
         case $word in
           status) words='-h --help --network --env-file --state-dir --json' ;;
           verify-key) words='-h --help --network --env-file --state-dir --passphrase-file' ;;
           doctor) words='-h --help --network --env-file --state-dir --json' ;;
           receipt) words='-h --help --network --env-file --state-dir --verify --json' ;;
           explain) words='-h --help --network --env-file --state-dir' ;;
           devnet) words='-h --help --fault --block-time --port' ;;
         esac
       done ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _peaq_onboard peaq-onboard
