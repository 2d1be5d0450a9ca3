# Completion of sealwatch-central. Made from its commands by `npm run manual`: do not edit.

_sealwatch_central() {
  local cur=${COMP_WORDS[COMP_CWORD]} place='' commands='' options='' waiting='' many='' ended='' prefix='' word
  local -i at count=0
  COMPREPLY=()
  _sealwatch_central_tables
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=${COMP_WORDS[at]}
    if [[ -n $ended ]]; then count+=1; continue; fi
    case $word in
      =) ;;
      --) ended=yes waiting='' many='' ;;
      -?*)
        waiting='' many=''
        case $word in
          --*=*) ;;
          *) if _sealwatch_central_takes "$place $word"; then waiting=$word; fi ;;
        esac ;;
      *)
        if [[ -n $waiting ]]; then
          [[ -z $many ]] && waiting=''
        elif [[ " $commands " == *" $word "* ]]; then
          place=${place:+$place }$word
          _sealwatch_central_tables
        elif [[ -n $commands ]]; then
          return
        else
          count+=1
        fi ;;
    esac
  done
  if [[ -n $waiting && $cur == = ]]; then cur=''; fi
  if [[ -z $ended && -z $waiting && $cur == --*=* ]]; then
    waiting=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}
    _sealwatch_central_takes "$place $waiting" || return
  fi
  if [[ -n $waiting && ( -z $many || $cur != -* ) ]]; then
    _sealwatch_central_value "$place $waiting"
  elif [[ -z $ended && $cur == -* ]]; then
    _sealwatch_central_words "$options"
  elif [[ -n $commands ]]; then
    _sealwatch_central_words "$commands"
  else
    _sealwatch_central_argument "$place" "$count"
  fi
}

_sealwatch_central_words() {
  local word
  for word in $1; do
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$prefix$word"); fi
  done
}

_sealwatch_central_files() {
  local word
  if declare -F _filedir >/dev/null; then
    if [[ $1 == -d ]]; then _filedir -d; else _filedir; fi
  else
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$1" -- "$cur")
  fi
  if [[ -n $prefix ]]; then COMPREPLY=("${COMPREPLY[@]/#/$prefix}"); fi
}

_sealwatch_central_programs() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$cur")
}

_sealwatch_central_keys() {
  local directory=${XDG_STATE_HOME:-$HOME/.local/state}/sealwatch file name
  local -i at
  if ((EUID == 0)); then directory=/var/lib/sealwatch; fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case ${COMP_WORDS[at]} in
      --state-dir)
        directory=${COMP_WORDS[at + 1]}
        if [[ $directory == = ]]; then directory=${COMP_WORDS[at + 2]}; fi ;;
      --state-dir=*) directory=${COMP_WORDS[at]#*=} ;;
    esac
  done
  directory=${directory/#\~\//$HOME/}
  for file in "$directory"/keys/*.pem; do
    name=${file##*/} name=${name%.pem}
    if [[ $name == "$cur"* && $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]]; then COMPREPLY+=("$prefix$name"); fi
  done
}

_sealwatch_central_tables() {
  case $place in
    '') commands='run token agent api-token audit backup restore bundle rollout approve doctor help' options='-h --help' ;;
    'run') commands='' options='--config -h --help' ;;
    'token') commands='create list revoke help' options='-h --help' ;;
    'token create') commands='' options='--json --config --count --expires --group --out -h --help' ;;
    'token list') commands='' options='--json --config -h --help' ;;
    'token revoke') commands='' options='--json --config -h --help' ;;
    'token help') commands='' options='' ;;
    'agent') commands='list revoke help' options='-h --help' ;;
    'agent list') commands='' options='--json --config -h --help' ;;
    'agent revoke') commands='' options='--json --config -h --help' ;;
    'agent help') commands='' options='' ;;
    'api-token') commands='create list revoke help' options='-h --help' ;;
    'api-token create') commands='' options='--json --config --role --name --expires --out -h --help' ;;
    'api-token list') commands='' options='--json --config -h --help' ;;
    'api-token revoke') commands='' options='--json --config -h --help' ;;
    'api-token help') commands='' options='' ;;
    'audit') commands='verify export help' options='-h --help' ;;
    'audit verify') commands='' options='--json --config -h --help' ;;
    'audit export') commands='' options='--json --config -h --help' ;;
    'audit help') commands='' options='' ;;
    'backup') commands='' options='--json --config -h --help' ;;
    'restore') commands='' options='--json --config --force -h --help' ;;
    'bundle') commands='add help' options='-h --help' ;;
    'bundle add') commands='' options='--json --url --token-file -h --help' ;;
    'bundle help') commands='' options='' ;;
    'rollout') commands='start stop status help' options='-h --help' ;;
    'rollout start') commands='' options='--json --url --token-file --group --canary -h --help' ;;
    'rollout stop') commands='' options='--json --url --token-file --reason -h --help' ;;
    'rollout status') commands='' options='--json --url --token-file -h --help' ;;
    'rollout help') commands='' options='' ;;
    'approve') commands='' options='--json --url --token-file --state-dir --key --owner --reason --expires --group --accept --policy --decision -y --yes -h --help' ;;
    'doctor') commands='' options='--json --config -h --help' ;;
    'help') commands='' options='' ;;
  esac
}

_sealwatch_central_takes() {
  case $1 in
    'run --config') many='' ;;
    'token create --config') many='' ;;
    'token create --count') many='' ;;
    'token create --expires') many='' ;;
    'token create --group') many='' ;;
    'token create --out') many='' ;;
    'token list --config') many='' ;;
    'token revoke --config') many='' ;;
    'agent list --config') many='' ;;
    'agent revoke --config') many='' ;;
    'api-token create --config') many='' ;;
    'api-token create --role') many='' ;;
    'api-token create --name') many='' ;;
    'api-token create --expires') many='' ;;
    'api-token create --out') many='' ;;
    'api-token list --config') many='' ;;
    'api-token revoke --config') many='' ;;
    'audit verify --config') many='' ;;
    'audit export --config') many='' ;;
    'backup --config') many='' ;;
    'restore --config') many='' ;;
    'bundle add --url') many='' ;;
    'bundle add --token-file') many='' ;;
    'rollout start --url') many='' ;;
    'rollout start --token-file') many='' ;;
    'rollout start --group') many='' ;;
    'rollout start --canary') many='' ;;
    'rollout stop --url') many='' ;;
    'rollout stop --token-file') many='' ;;
    'rollout stop --reason') many='' ;;
    'rollout status --url') many='' ;;
    'rollout status --token-file') many='' ;;
    'approve --url') many='' ;;
    'approve --token-file') many='' ;;
    'approve --state-dir') many='' ;;
    'approve --key') many='' ;;
    'approve --owner') many='' ;;
    'approve --reason') many='' ;;
    'approve --expires') many='' ;;
    'approve --group') many='' ;;
    'approve --accept') many='' ;;
    'approve --policy') many='' ;;
    'approve --decision') many='' ;;
    'doctor --config') many='' ;;
    *) return 1 ;;
  esac
}

_sealwatch_central_value() {
  case $1 in
    'run --config') _sealwatch_central_files -f ;;
    'token create --config') _sealwatch_central_files -f ;;
    'token create --out') _sealwatch_central_files -f ;;
    'token list --config') _sealwatch_central_files -f ;;
    'token revoke --config') _sealwatch_central_files -f ;;
    'agent list --config') _sealwatch_central_files -f ;;
    'agent revoke --config') _sealwatch_central_files -f ;;
    'api-token create --config') _sealwatch_central_files -f ;;
    'api-token create --role') _sealwatch_central_words 'viewer analyst approver admin' ;;
    'api-token create --out') _sealwatch_central_files -f ;;
    'api-token list --config') _sealwatch_central_files -f ;;
    'api-token revoke --config') _sealwatch_central_files -f ;;
    'audit verify --config') _sealwatch_central_files -f ;;
    'audit export --config') _sealwatch_central_files -f ;;
    'backup --config') _sealwatch_central_files -f ;;
    'restore --config') _sealwatch_central_files -f ;;
    'bundle add --token-file') _sealwatch_central_files -f ;;
    'rollout start --token-file') _sealwatch_central_files -f ;;
    'rollout stop --token-file') _sealwatch_central_files -f ;;
    'rollout status --token-file') _sealwatch_central_files -f ;;
    'approve --token-file') _sealwatch_central_files -f ;;
    'approve --state-dir') _sealwatch_central_files -d ;;
    'approve --key') _sealwatch_central_keys ;;
    'approve --accept') _sealwatch_central_words 'mcp_auto_approve mcp_closure_unresolved mcp_config_symlink mcp_config_writable_by_others mcp_docker_privileged mcp_hardcoded_secret mcp_helper_writable mcp_insecure_tls mcp_loader_variable mcp_npx_call mcp_path_writable mcp_plain_http mcp_remote_unauthenticated mcp_root_filesystem mcp_self_authority mcp_shell_wrapper mcp_unpinned_package' ;;
    'approve --policy') _sealwatch_central_files -f ;;
    'doctor --config') _sealwatch_central_files -f ;;
  esac
}

_sealwatch_central_argument() {
  case "$1 $2" in
    'token help 0') _sealwatch_central_words 'create list revoke' ;;
    'agent help 0') _sealwatch_central_words 'list revoke' ;;
    'api-token help 0') _sealwatch_central_words 'create list revoke' ;;
    'audit help 0') _sealwatch_central_words 'verify export' ;;
    'backup 0') _sealwatch_central_files -f ;;
    'restore 0') _sealwatch_central_files -f ;;
    'bundle add 0') _sealwatch_central_files -f ;;
    'bundle help 0') _sealwatch_central_words 'add' ;;
    'rollout start 0') _sealwatch_central_words 'rules approvals policy config' ;;
    'rollout help 0') _sealwatch_central_words 'start stop status' ;;
    'help 0') _sealwatch_central_words 'run token agent api-token audit backup restore bundle rollout approve doctor' ;;
  esac
}

complete -F _sealwatch_central sealwatch-central
