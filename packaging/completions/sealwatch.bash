# Completion of sealwatch. Made from its commands by `npm run manual`: do not edit.

_sealwatch() {
  local cur=${COMP_WORDS[COMP_CWORD]} place='' commands='' options='' waiting='' many='' ended='' prefix='' word
  local -i at count=0
  COMPREPLY=()
  _sealwatch_tables
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
          *) if _sealwatch_takes "$place $word"; then waiting=$word; fi ;;
        esac ;;
      *)
        if [[ -n $waiting ]]; then
          [[ -z $many ]] && waiting=''
        elif [[ " $commands " == *" $word "* ]]; then
          place=${place:+$place }$word
          _sealwatch_tables
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
    _sealwatch_takes "$place $waiting" || return
  fi
  if [[ -n $waiting && ( -z $many || $cur != -* ) ]]; then
    _sealwatch_value "$place $waiting"
  elif [[ -z $ended && $cur == -* ]]; then
    _sealwatch_words "$options"
  elif [[ -n $commands ]]; then
    _sealwatch_words "$commands"
  else
    _sealwatch_argument "$place" "$count"
  fi
}

_sealwatch_words() {
  local word
  for word in $1; do
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$prefix$word"); fi
  done
}

_sealwatch_files() {
  local word
  if declare -F _filedir >/dev/null; then
    if [[ $1 == -d ]]; then _filedir -d; else _filedir; fi
  else
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$1" -- "$cur")
  fi
  if [[ -n $prefix ]]; then COMPREPLY=("${COMPREPLY[@]/#/$prefix}"); fi
}

_sealwatch_programs() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$cur")
}

_sealwatch_keys() {
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

_sealwatch_tables() {
  case $place in
    '') commands='scan inventory approve revoke cosign show diff verify wrap unwrap key bundle policy rules answer guard identity up agent status doctor alerts central service completion help' options='-V --version -h --help' ;;
    'scan') commands='' options='--json --home --root --state-dir --sarif --html --all --fail-on --profile -h --help' ;;
    'inventory') commands='parse help' options='-h --help' ;;
    'inventory parse') commands='' options='--json --client -h --help' ;;
    'inventory help') commands='' options='' ;;
    'approve') commands='' options='--json --home --root --state-dir --yes --key --owner --reason --expires --profile --accept --group --policy --no-policy --tools --any-user --project --all --from-scan -h --help' ;;
    'revoke') commands='' options='--json --home --root --state-dir --yes --key --owner --reason -h --help' ;;
    'cosign') commands='' options='--json --home --root --state-dir --yes --key --owner --reason -h --help' ;;
    'show') commands='' options='--json --home --root --state-dir -h --help' ;;
    'diff') commands='' options='--json --home --root --state-dir -h --help' ;;
    'verify') commands='' options='--json --home --root --state-dir --trust --profile -h --help' ;;
    'wrap') commands='' options='--json --home --root --state-dir --all --client --project --dry-run -h --help' ;;
    'unwrap') commands='' options='--json --home --root --state-dir --all --client --project --dry-run -h --help' ;;
    'key') commands='create export list trust help' options='-h --help' ;;
    'key create') commands='' options='--json --state-dir --name --no-trust -h --help' ;;
    'key export') commands='' options='--json --state-dir --name --ssh -h --help' ;;
    'key list') commands='' options='--json --state-dir -h --help' ;;
    'key trust') commands='' options='--json --state-dir -h --help' ;;
    'key help') commands='' options='' ;;
    'bundle') commands='create policy config install help' options='-h --help' ;;
    'bundle create') commands='' options='--state-dir --serial --key -h --help' ;;
    'bundle policy') commands='' options='--state-dir --serial --group --before --key -h --help' ;;
    'bundle config') commands='' options='--state-dir --serial --group --before --key -h --help' ;;
    'bundle install') commands='' options='--state-dir --profile -h --help' ;;
    'bundle help') commands='' options='' ;;
    'policy') commands='check schema tools try help' options='-h --help' ;;
    'policy check') commands='' options='--json -h --help' ;;
    'policy schema') commands='' options='-h --help' ;;
    'policy tools') commands='' options='--json -h --help' ;;
    'policy try') commands='' options='--json --requests -h --help' ;;
    'policy help') commands='' options='' ;;
    'rules') commands='check match test explain coverage pack sign verify help' options='-h --help' ;;
    'rules check') commands='' options='--json --placeholder --strict -h --help' ;;
    'rules match') commands='' options='--json --placeholder --rules --events --time --skip-invalid --scope -h --help' ;;
    'rules test') commands='' options='--json --placeholder --strict -h --help' ;;
    'rules explain') commands='' options='--json --placeholder --rules --scope -h --help' ;;
    'rules coverage') commands='' options='--json --placeholder --markdown -h --help' ;;
    'rules pack') commands='' options='--state-dir --version --name --key -h --help' ;;
    'rules sign') commands='' options='--state-dir --key -h --help' ;;
    'rules verify') commands='' options='--json --state-dir --profile -h --help' ;;
    'rules help') commands='' options='' ;;
    'answer') commands='' options='--json --allow --refuse --state-dir -h --help' ;;
    'guard') commands='' options='--client --name --config --state-dir --profile --remote --no-args -h --help' ;;
    'identity') commands='keys verify help' options='-h --help' ;;
    'identity keys') commands='' options='--state-dir -h --help' ;;
    'identity verify') commands='' options='--json --audience --keys -h --help' ;;
    'identity help') commands='' options='' ;;
    'up') commands='' options='--json --home --root --state-dir --profile --listen --feed --rules -h --help' ;;
    'agent') commands='run status doctor help' options='-h --help' ;;
    'agent run') commands='' options='--config -h --help' ;;
    'agent status') commands='' options='--state-dir --json -h --help' ;;
    'agent doctor') commands='' options='--state-dir --json --config -h --help' ;;
    'agent help') commands='' options='' ;;
    'status') commands='' options='--state-dir --json -h --help' ;;
    'doctor') commands='' options='--state-dir --json --config -h --help' ;;
    'alerts') commands='list tail help' options='-h --help' ;;
    'alerts list') commands='' options='--state-dir --json -h --help' ;;
    'alerts tail') commands='' options='--state-dir --json -h --help' ;;
    'alerts help') commands='' options='' ;;
    'central') commands='run token agent api-token audit backup restore bundle rollout approve doctor help' options='-h --help' ;;
    'central run') commands='' options='--config -h --help' ;;
    'central token') commands='create list revoke help' options='-h --help' ;;
    'central token create') commands='' options='--json --config --count --expires --group --out -h --help' ;;
    'central token list') commands='' options='--json --config -h --help' ;;
    'central token revoke') commands='' options='--json --config -h --help' ;;
    'central token help') commands='' options='' ;;
    'central agent') commands='list revoke help' options='-h --help' ;;
    'central agent list') commands='' options='--json --config -h --help' ;;
    'central agent revoke') commands='' options='--json --config -h --help' ;;
    'central agent help') commands='' options='' ;;
    'central api-token') commands='create list revoke help' options='-h --help' ;;
    'central api-token create') commands='' options='--json --config --role --name --expires --out -h --help' ;;
    'central api-token list') commands='' options='--json --config -h --help' ;;
    'central api-token revoke') commands='' options='--json --config -h --help' ;;
    'central api-token help') commands='' options='' ;;
    'central audit') commands='verify export help' options='-h --help' ;;
    'central audit verify') commands='' options='--json --config -h --help' ;;
    'central audit export') commands='' options='--json --config -h --help' ;;
    'central audit help') commands='' options='' ;;
    'central backup') commands='' options='--json --config -h --help' ;;
    'central restore') commands='' options='--json --config --force -h --help' ;;
    'central bundle') commands='add help' options='-h --help' ;;
    'central bundle add') commands='' options='--json --url --token-file -h --help' ;;
    'central bundle help') commands='' options='' ;;
    'central rollout') commands='start stop status help' options='-h --help' ;;
    'central rollout start') commands='' options='--json --url --token-file --group --canary -h --help' ;;
    'central rollout stop') commands='' options='--json --url --token-file --reason -h --help' ;;
    'central rollout status') commands='' options='--json --url --token-file -h --help' ;;
    'central rollout help') commands='' options='' ;;
    'central approve') commands='' options='--json --url --token-file --state-dir --key --owner --reason --expires --group --accept --policy --decision -y --yes -h --help' ;;
    'central doctor') commands='' options='--json --config -h --help' ;;
    'central help') commands='' options='' ;;
    'service') commands='install uninstall status help' options='-h --help' ;;
    'service install') commands='' options='--json --agent --central-node --dry-run --destdir --central --token-file -h --help' ;;
    'service uninstall') commands='' options='--json --agent --central-node --dry-run --destdir --purge -y --yes -h --help' ;;
    'service status') commands='' options='--json --agent --central-node -h --help' ;;
    'service help') commands='' options='' ;;
    'completion') commands='' options='-h --help' ;;
    'help') commands='' options='' ;;
  esac
}

_sealwatch_takes() {
  case $1 in
    'scan --home') many='' ;;
    'scan --root') many='' ;;
    'scan --state-dir') many='' ;;
    'scan --html') many='' ;;
    'scan --fail-on') many='' ;;
    'scan --profile') many='' ;;
    'inventory parse --client') many='' ;;
    'approve --home') many='' ;;
    'approve --root') many='' ;;
    'approve --state-dir') many='' ;;
    'approve --key') many='' ;;
    'approve --owner') many='' ;;
    'approve --reason') many='' ;;
    'approve --expires') many='' ;;
    'approve --profile') many='' ;;
    'approve --accept') many='' ;;
    'approve --group') many='' ;;
    'approve --policy') many='' ;;
    'approve --tools') many='' ;;
    'approve --from-scan') many='' ;;
    'revoke --home') many='' ;;
    'revoke --root') many='' ;;
    'revoke --state-dir') many='' ;;
    'revoke --key') many='' ;;
    'revoke --owner') many='' ;;
    'revoke --reason') many='' ;;
    'cosign --home') many='' ;;
    'cosign --root') many='' ;;
    'cosign --state-dir') many='' ;;
    'cosign --key') many='' ;;
    'cosign --owner') many='' ;;
    'cosign --reason') many='' ;;
    'show --home') many='' ;;
    'show --root') many='' ;;
    'show --state-dir') many='' ;;
    'diff --home') many='' ;;
    'diff --root') many='' ;;
    'diff --state-dir') many='' ;;
    'verify --home') many='' ;;
    'verify --root') many='' ;;
    'verify --state-dir') many='' ;;
    'verify --trust') many='' ;;
    'verify --profile') many='' ;;
    'wrap --home') many='' ;;
    'wrap --root') many='' ;;
    'wrap --state-dir') many='' ;;
    'wrap --client') many='' ;;
    'wrap --project') many='' ;;
    'unwrap --home') many='' ;;
    'unwrap --root') many='' ;;
    'unwrap --state-dir') many='' ;;
    'unwrap --client') many='' ;;
    'unwrap --project') many='' ;;
    'key create --state-dir') many='' ;;
    'key create --name') many='' ;;
    'key export --state-dir') many='' ;;
    'key export --name') many='' ;;
    'key list --state-dir') many='' ;;
    'key trust --state-dir') many='' ;;
    'bundle create --state-dir') many='' ;;
    'bundle create --serial') many='' ;;
    'bundle create --key') many='' ;;
    'bundle policy --state-dir') many='' ;;
    'bundle policy --serial') many='' ;;
    'bundle policy --group') many='' ;;
    'bundle policy --before') many='' ;;
    'bundle policy --key') many='' ;;
    'bundle config --state-dir') many='' ;;
    'bundle config --serial') many='' ;;
    'bundle config --group') many='' ;;
    'bundle config --before') many='' ;;
    'bundle config --key') many='' ;;
    'bundle install --state-dir') many='' ;;
    'bundle install --profile') many='' ;;
    'policy try --requests') many='' ;;
    'rules check --placeholder') many='' ;;
    'rules match --placeholder') many='' ;;
    'rules match --rules') many=yes ;;
    'rules match --events') many='' ;;
    'rules match --time') many='' ;;
    'rules match --scope') many='' ;;
    'rules test --placeholder') many='' ;;
    'rules explain --placeholder') many='' ;;
    'rules explain --rules') many=yes ;;
    'rules explain --scope') many='' ;;
    'rules coverage --placeholder') many='' ;;
    'rules pack --state-dir') many='' ;;
    'rules pack --version') many='' ;;
    'rules pack --name') many='' ;;
    'rules pack --key') many='' ;;
    'rules sign --state-dir') many='' ;;
    'rules sign --key') many='' ;;
    'rules verify --state-dir') many='' ;;
    'rules verify --profile') many='' ;;
    'answer --state-dir') many='' ;;
    'guard --client') many='' ;;
    'guard --name') many='' ;;
    'guard --config') many='' ;;
    'guard --state-dir') many='' ;;
    'guard --profile') many='' ;;
    'guard --remote') many='' ;;
    'identity keys --state-dir') many='' ;;
    'identity verify --audience') many='' ;;
    'identity verify --keys') many='' ;;
    'up --home') many='' ;;
    'up --root') many='' ;;
    'up --state-dir') many='' ;;
    'up --profile') many='' ;;
    'up --listen') many='' ;;
    'up --feed') many='' ;;
    'up --rules') many='' ;;
    'agent run --config') many='' ;;
    'agent status --state-dir') many='' ;;
    'agent doctor --state-dir') many='' ;;
    'agent doctor --config') many='' ;;
    'status --state-dir') many='' ;;
    'doctor --state-dir') many='' ;;
    'doctor --config') many='' ;;
    'alerts list --state-dir') many='' ;;
    'alerts tail --state-dir') many='' ;;
    'central run --config') many='' ;;
    'central token create --config') many='' ;;
    'central token create --count') many='' ;;
    'central token create --expires') many='' ;;
    'central token create --group') many='' ;;
    'central token create --out') many='' ;;
    'central token list --config') many='' ;;
    'central token revoke --config') many='' ;;
    'central agent list --config') many='' ;;
    'central agent revoke --config') many='' ;;
    'central api-token create --config') many='' ;;
    'central api-token create --role') many='' ;;
    'central api-token create --name') many='' ;;
    'central api-token create --expires') many='' ;;
    'central api-token create --out') many='' ;;
    'central api-token list --config') many='' ;;
    'central api-token revoke --config') many='' ;;
    'central audit verify --config') many='' ;;
    'central audit export --config') many='' ;;
    'central backup --config') many='' ;;
    'central restore --config') many='' ;;
    'central bundle add --url') many='' ;;
    'central bundle add --token-file') many='' ;;
    'central rollout start --url') many='' ;;
    'central rollout start --token-file') many='' ;;
    'central rollout start --group') many='' ;;
    'central rollout start --canary') many='' ;;
    'central rollout stop --url') many='' ;;
    'central rollout stop --token-file') many='' ;;
    'central rollout stop --reason') many='' ;;
    'central rollout status --url') many='' ;;
    'central rollout status --token-file') many='' ;;
    'central approve --url') many='' ;;
    'central approve --token-file') many='' ;;
    'central approve --state-dir') many='' ;;
    'central approve --key') many='' ;;
    'central approve --owner') many='' ;;
    'central approve --reason') many='' ;;
    'central approve --expires') many='' ;;
    'central approve --group') many='' ;;
    'central approve --accept') many='' ;;
    'central approve --policy') many='' ;;
    'central approve --decision') many='' ;;
    'central doctor --config') many='' ;;
    'service install --destdir') many='' ;;
    'service install --central') many='' ;;
    'service install --token-file') many='' ;;
    'service uninstall --destdir') many='' ;;
    *) return 1 ;;
  esac
}

_sealwatch_value() {
  case $1 in
    'scan --home') _sealwatch_files -d ;;
    'scan --root') _sealwatch_files -d ;;
    'scan --state-dir') _sealwatch_files -d ;;
    'scan --html') _sealwatch_files -f ;;
    'scan --fail-on') _sealwatch_words 'informational low medium high critical none' ;;
    'scan --profile') _sealwatch_words 'developer production' ;;
    'inventory parse --client') _sealwatch_words 'amazonq amp antigravity augment bedrock-client boltai claude-code claude-desktop cline codex continue copilot copilot-ide cortex crush cursor deepagents devin docker-mcp enconvo factory gemini generic goose grok hermes jetbrains-ai junie kilocode kimi kiro librechat lmstudio mcporter muse open-interpreter openclaw opencode openhands pi qoder qwen raycast reasonix roo rovodev sema4 tabnine takt tome trae vibe visual-studio vscode vscode-insiders vscodium warp windsurf witsy zcode zed zeptoclaw' ;;
    'approve --home') _sealwatch_files -d ;;
    'approve --root') _sealwatch_files -d ;;
    'approve --state-dir') _sealwatch_files -d ;;
    'approve --key') _sealwatch_keys ;;
    'approve --profile') _sealwatch_words 'developer production' ;;
    'approve --accept') _sealwatch_words 'mcp_auto_approve mcp_closure_unresolved mcp_config_symlink mcp_config_writable_by_others mcp_docker_privileged mcp_hardcoded_secret mcp_helper_writable mcp_insecure_tls mcp_loader_variable mcp_npx_call mcp_path_writable mcp_plain_http mcp_remote_unauthenticated mcp_root_filesystem mcp_self_authority mcp_shell_wrapper mcp_unpinned_package' ;;
    'approve --policy') _sealwatch_files -f ;;
    'approve --from-scan') _sealwatch_files -f ;;
    'revoke --home') _sealwatch_files -d ;;
    'revoke --root') _sealwatch_files -d ;;
    'revoke --state-dir') _sealwatch_files -d ;;
    'revoke --key') _sealwatch_keys ;;
    'cosign --home') _sealwatch_files -d ;;
    'cosign --root') _sealwatch_files -d ;;
    'cosign --state-dir') _sealwatch_files -d ;;
    'cosign --key') _sealwatch_keys ;;
    'show --home') _sealwatch_files -d ;;
    'show --root') _sealwatch_files -d ;;
    'show --state-dir') _sealwatch_files -d ;;
    'diff --home') _sealwatch_files -d ;;
    'diff --root') _sealwatch_files -d ;;
    'diff --state-dir') _sealwatch_files -d ;;
    'verify --home') _sealwatch_files -d ;;
    'verify --root') _sealwatch_files -d ;;
    'verify --state-dir') _sealwatch_files -d ;;
    'verify --trust') _sealwatch_files -f ;;
    'verify --profile') _sealwatch_words 'developer production' ;;
    'wrap --home') _sealwatch_files -d ;;
    'wrap --root') _sealwatch_files -d ;;
    'wrap --state-dir') _sealwatch_files -d ;;
    'wrap --client') _sealwatch_words 'amazonq amp antigravity augment bedrock-client boltai claude-code claude-desktop cline codex continue copilot copilot-ide cortex crush cursor deepagents devin docker-mcp enconvo factory gemini generic goose grok hermes jetbrains-ai junie kilocode kimi kiro librechat lmstudio mcporter muse open-interpreter openclaw opencode openhands pi qoder qwen raycast reasonix roo rovodev sema4 tabnine takt tome trae vibe visual-studio vscode vscode-insiders vscodium warp windsurf witsy zcode zed zeptoclaw' ;;
    'wrap --project') _sealwatch_files -d ;;
    'unwrap --home') _sealwatch_files -d ;;
    'unwrap --root') _sealwatch_files -d ;;
    'unwrap --state-dir') _sealwatch_files -d ;;
    'unwrap --client') _sealwatch_words 'amazonq amp antigravity augment bedrock-client boltai claude-code claude-desktop cline codex continue copilot copilot-ide cortex crush cursor deepagents devin docker-mcp enconvo factory gemini generic goose grok hermes jetbrains-ai junie kilocode kimi kiro librechat lmstudio mcporter muse open-interpreter openclaw opencode openhands pi qoder qwen raycast reasonix roo rovodev sema4 tabnine takt tome trae vibe visual-studio vscode vscode-insiders vscodium warp windsurf witsy zcode zed zeptoclaw' ;;
    'unwrap --project') _sealwatch_files -d ;;
    'key create --state-dir') _sealwatch_files -d ;;
    'key export --state-dir') _sealwatch_files -d ;;
    'key export --name') _sealwatch_keys ;;
    'key list --state-dir') _sealwatch_files -d ;;
    'key trust --state-dir') _sealwatch_files -d ;;
    'bundle create --state-dir') _sealwatch_files -d ;;
    'bundle create --key') _sealwatch_keys ;;
    'bundle policy --state-dir') _sealwatch_files -d ;;
    'bundle policy --key') _sealwatch_keys ;;
    'bundle config --state-dir') _sealwatch_files -d ;;
    'bundle config --key') _sealwatch_keys ;;
    'bundle install --state-dir') _sealwatch_files -d ;;
    'bundle install --profile') _sealwatch_words 'developer production' ;;
    'policy try --requests') _sealwatch_files -f ;;
    'rules match --rules') _sealwatch_files -f ;;
    'rules match --events') _sealwatch_files -f ;;
    'rules match --scope') _sealwatch_words 'subtrees host' ;;
    'rules explain --rules') _sealwatch_files -f ;;
    'rules explain --scope') _sealwatch_words 'subtrees host' ;;
    'rules pack --state-dir') _sealwatch_files -d ;;
    'rules pack --key') _sealwatch_keys ;;
    'rules sign --state-dir') _sealwatch_files -d ;;
    'rules sign --key') _sealwatch_keys ;;
    'rules verify --state-dir') _sealwatch_files -d ;;
    'rules verify --profile') _sealwatch_words 'developer production' ;;
    'answer --state-dir') _sealwatch_files -d ;;
    'guard --client') _sealwatch_words 'amazonq amp antigravity augment bedrock-client boltai claude-code claude-desktop cline codex continue copilot copilot-ide cortex crush cursor deepagents devin docker-mcp enconvo factory gemini generic goose grok hermes jetbrains-ai junie kilocode kimi kiro librechat lmstudio mcporter muse open-interpreter openclaw opencode openhands pi qoder qwen raycast reasonix roo rovodev sema4 tabnine takt tome trae vibe visual-studio vscode vscode-insiders vscodium warp windsurf witsy zcode zed zeptoclaw' ;;
    'guard --config') _sealwatch_files -f ;;
    'guard --state-dir') _sealwatch_files -d ;;
    'guard --profile') _sealwatch_words 'developer production' ;;
    'identity keys --state-dir') _sealwatch_files -d ;;
    'identity verify --keys') _sealwatch_files -f ;;
    'up --home') _sealwatch_files -d ;;
    'up --root') _sealwatch_files -d ;;
    'up --state-dir') _sealwatch_files -d ;;
    'up --profile') _sealwatch_words 'developer production' ;;
    'up --feed') _sealwatch_files -f ;;
    'up --rules') _sealwatch_files -f ;;
    'agent run --config') _sealwatch_files -f ;;
    'agent status --state-dir') _sealwatch_files -d ;;
    'agent doctor --state-dir') _sealwatch_files -d ;;
    'agent doctor --config') _sealwatch_files -f ;;
    'status --state-dir') _sealwatch_files -d ;;
    'doctor --state-dir') _sealwatch_files -d ;;
    'doctor --config') _sealwatch_files -f ;;
    'alerts list --state-dir') _sealwatch_files -d ;;
    'alerts tail --state-dir') _sealwatch_files -d ;;
    'central run --config') _sealwatch_files -f ;;
    'central token create --config') _sealwatch_files -f ;;
    'central token create --out') _sealwatch_files -f ;;
    'central token list --config') _sealwatch_files -f ;;
    'central token revoke --config') _sealwatch_files -f ;;
    'central agent list --config') _sealwatch_files -f ;;
    'central agent revoke --config') _sealwatch_files -f ;;
    'central api-token create --config') _sealwatch_files -f ;;
    'central api-token create --role') _sealwatch_words 'viewer analyst approver admin' ;;
    'central api-token create --out') _sealwatch_files -f ;;
    'central api-token list --config') _sealwatch_files -f ;;
    'central api-token revoke --config') _sealwatch_files -f ;;
    'central audit verify --config') _sealwatch_files -f ;;
    'central audit export --config') _sealwatch_files -f ;;
    'central backup --config') _sealwatch_files -f ;;
    'central restore --config') _sealwatch_files -f ;;
    'central bundle add --token-file') _sealwatch_files -f ;;
    'central rollout start --token-file') _sealwatch_files -f ;;
    'central rollout stop --token-file') _sealwatch_files -f ;;
    'central rollout status --token-file') _sealwatch_files -f ;;
    'central approve --token-file') _sealwatch_files -f ;;
    'central approve --state-dir') _sealwatch_files -d ;;
    'central approve --key') _sealwatch_keys ;;
    'central approve --accept') _sealwatch_words 'mcp_auto_approve mcp_closure_unresolved mcp_config_symlink mcp_config_writable_by_others mcp_docker_privileged mcp_hardcoded_secret mcp_helper_writable mcp_insecure_tls mcp_loader_variable mcp_npx_call mcp_path_writable mcp_plain_http mcp_remote_unauthenticated mcp_root_filesystem mcp_self_authority mcp_shell_wrapper mcp_unpinned_package' ;;
    'central approve --policy') _sealwatch_files -f ;;
    'central doctor --config') _sealwatch_files -f ;;
    'service install --destdir') _sealwatch_files -d ;;
    'service install --token-file') _sealwatch_files -f ;;
    'service uninstall --destdir') _sealwatch_files -d ;;
  esac
}

_sealwatch_argument() {
  case "$1 $2" in
    'inventory parse 0') _sealwatch_files -f ;;
    'inventory help 0') _sealwatch_words 'parse' ;;
    'key trust 0') _sealwatch_files -f ;;
    'key help 0') _sealwatch_words 'create export list trust' ;;
    'bundle create 0') _sealwatch_files -f ;;
    'bundle create '*) _sealwatch_files -f ;;
    'bundle policy 0') _sealwatch_files -f ;;
    'bundle config 0') _sealwatch_files -f ;;
    'bundle install 0') _sealwatch_files -f ;;
    'bundle help 0') _sealwatch_words 'create policy config install' ;;
    'policy check 0') _sealwatch_files -f ;;
    'policy tools 0') _sealwatch_files -f ;;
    'policy try 0') _sealwatch_files -f ;;
    'policy help 0') _sealwatch_words 'check schema tools try' ;;
    'rules check 0') _sealwatch_files -f ;;
    'rules check '*) _sealwatch_files -f ;;
    'rules test 0') _sealwatch_files -f ;;
    'rules test '*) _sealwatch_files -f ;;
    'rules explain 0') _sealwatch_words 'agent_clock_jump agent_cloned agent_events_lost agent_returned agent_rules_refused agent_rules_reloaded agent_sensor_degraded agent_settings_changed agent_silent agent_stopped agent_subtree_events_lost agent_tampered agent_upgraded mcp_account_change mcp_admin_interface mcp_approval_expired mcp_approval_invalid mcp_approval_tampered mcp_auto_approve_widened mcp_backup_deleted mcp_base_url_redirected mcp_browser_data mcp_call_denied mcp_client_reconfigured mcp_client_started mcp_client_started_unattended mcp_clipboard_capture mcp_closure_changed mcp_closure_written_by_other_server mcp_cloud_identity_change mcp_cloud_metadata mcp_command_in_writable_path mcp_config_campaign mcp_config_change_then_start mcp_config_changed_by_checkout mcp_config_runs_download mcp_config_symlink mcp_config_unexpected_writer mcp_config_unparseable mcp_config_writable_by_others mcp_container_escape mcp_credential_access mcp_credential_read mcp_credential_then_destination mcp_data_staging mcp_denied_repeatedly mcp_destination_violation mcp_destructive_command mcp_detached_descendant mcp_discovery_command mcp_dns_tunnel mcp_docker_privileged mcp_download_pipe_shell mcp_download_then_exec mcp_drop_site mcp_encoded_command mcp_env_changed mcp_env_file_changed mcp_exec_from_writable_path mcp_exec_prevented mcp_executable_replaced mcp_executable_written mcp_extension_changed mcp_fileless_exec mcp_filter_weakened mcp_firewall_change mcp_first_sight_changed mcp_frame_faulty mcp_git_config_exec mcp_git_config_write mcp_hardcoded_secret mcp_helper_writable mcp_hook_added mcp_hook_removed mcp_hook_runs_download mcp_host_sweep mcp_import_enabled mcp_inline_code mcp_insecure_tls mcp_instruction_file_written mcp_kernel_module mcp_keychain_access mcp_lateral_movement mcp_launcher_command_flag mcp_launcher_flag_in_config mcp_launcher_shadowed mcp_library_planted mcp_listener_exposed mcp_loader_injection mcp_loader_variable_added mcp_lockfile_changed mcp_log_tamper mcp_managed_config_changed mcp_mass_file_change mcp_mass_file_deletion mcp_metadata_connection mcp_miner mcp_name_resolution_changed mcp_network_scan mcp_network_sniffing mcp_new_destination mcp_package_manager mcp_package_publish mcp_package_registry_changed mcp_package_tree_changed mcp_path_writable mcp_permission_mode_weakened mcp_persistence mcp_persistence_then_connection mcp_persistence_write mcp_plain_http mcp_plugin_added mcp_policy_violation mcp_port_sweep mcp_privilege_escalation mcp_process_dump mcp_process_injection mcp_project_server_added mcp_quarantine_removed mcp_recon_burst mcp_recon_then_credential mcp_registry_redirected mcp_remote_access_tool mcp_remote_copy mcp_remote_repointed_to_address mcp_remote_url_throwaway mcp_renamed_shell mcp_repointed_and_restored mcp_repointed_to_shell mcp_reverse_shell mcp_rights_then_tamper mcp_root_filesystem mcp_secret_search mcp_security_tool_file_written mcp_security_tool_tamper mcp_self_approval mcp_self_authority mcp_self_rewrite mcp_server_added mcp_server_added_and_removed mcp_server_added_auto_approved mcp_server_added_with_loader mcp_server_denied mcp_server_removed mcp_server_repointed mcp_server_traced mcp_servers_removed_at_once mcp_setuid_mode mcp_shell_burst mcp_shell_spawn mcp_skill_changed mcp_staging_then_upload mcp_subtree_escape mcp_surveillance_capture mcp_timestomp mcp_tool_added mcp_tool_call_denied_burst mcp_tool_changed mcp_tool_poisoned mcp_tool_shadowed mcp_traffic_redirected mcp_trust_and_code_together mcp_trust_root_changed mcp_trust_root_created mcp_trust_store_change mcp_tunnel mcp_unapproved_server_started mcp_unmanaged_server mcp_unpinned_package mcp_url_handler mcp_wallet_access' ;;
    'rules explain 1') _sealwatch_files -f ;;
    'rules coverage 0') _sealwatch_files -f ;;
    'rules coverage '*) _sealwatch_files -f ;;
    'rules pack 0') _sealwatch_files -d ;;
    'rules sign 0') _sealwatch_files -f ;;
    'rules verify 0') _sealwatch_files -f ;;
    'rules help 0') _sealwatch_words 'check match test explain coverage pack sign verify' ;;
    'guard 0') _sealwatch_programs ;;
    'guard '*) _sealwatch_files -f ;;
    'identity verify 0') _sealwatch_files -f ;;
    'identity help 0') _sealwatch_words 'keys verify' ;;
    'agent help 0') _sealwatch_words 'run status doctor' ;;
    'alerts help 0') _sealwatch_words 'list tail' ;;
    'central token help 0') _sealwatch_words 'create list revoke' ;;
    'central agent help 0') _sealwatch_words 'list revoke' ;;
    'central api-token help 0') _sealwatch_words 'create list revoke' ;;
    'central audit help 0') _sealwatch_words 'verify export' ;;
    'central backup 0') _sealwatch_files -f ;;
    'central restore 0') _sealwatch_files -f ;;
    'central bundle add 0') _sealwatch_files -f ;;
    'central bundle help 0') _sealwatch_words 'add' ;;
    'central rollout start 0') _sealwatch_words 'rules approvals policy config' ;;
    'central rollout help 0') _sealwatch_words 'start stop status' ;;
    'central help 0') _sealwatch_words 'run token agent api-token audit backup restore bundle rollout approve doctor' ;;
    'service help 0') _sealwatch_words 'install uninstall status' ;;
    'completion 0') _sealwatch_words 'bash zsh fish' ;;
    'help 0') _sealwatch_words 'scan inventory approve revoke cosign show diff verify wrap unwrap key bundle policy rules answer guard identity up agent status doctor alerts central service completion' ;;
  esac
}

complete -F _sealwatch sealwatch
