# Completion of sealwatch-central. Made from its commands by `npm run manual`: do not edit.

set -g __sealwatch_central_commands 'run' 'token' 'token create' 'token list' 'token revoke' 'token help' 'agent' 'agent list' 'agent revoke' 'agent help' 'api-token' 'api-token create' 'api-token list' 'api-token revoke' 'api-token help' 'audit' 'audit verify' 'audit export' 'audit help' 'backup' 'restore' 'bundle' 'bundle add' 'bundle help' 'rollout' 'rollout start' 'rollout stop' 'rollout status' 'rollout help' 'approve' 'doctor' 'help'
set -g __sealwatch_central_groups '' 'token' 'agent' 'api-token' 'audit' 'bundle' 'rollout'
set -g __sealwatch_central_valued 'run --config' 'token create --config' 'token create --count' 'token create --expires' 'token create --group' 'token create --out' 'token list --config' 'token revoke --config' 'agent list --config' 'agent revoke --config' 'api-token create --config' 'api-token create --role' 'api-token create --name' 'api-token create --expires' 'api-token create --out' 'api-token list --config' 'api-token revoke --config' 'audit verify --config' 'audit export --config' 'backup --config' 'restore --config' 'bundle add --url' 'bundle add --token-file' 'rollout start --url' 'rollout start --token-file' 'rollout start --group' 'rollout start --canary' 'rollout stop --url' 'rollout stop --token-file' 'rollout stop --reason' 'rollout status --url' 'rollout status --token-file' 'approve --url' 'approve --token-file' 'approve --state-dir' 'approve --key' 'approve --owner' 'approve --reason' 'approve --expires' 'approve --group' 'approve --accept' 'approve --policy' 'approve --decision' 'doctor --config'
set -g __sealwatch_central_many 

function __sealwatch_central_walk
    set -g __sealwatch_central_place ''
    set -g __sealwatch_central_count 0
    set -g __sealwatch_central_open ''
    set -l waiting ''
    set -l ended ''
    for word in $argv
        if test -n "$ended"
            set __sealwatch_central_count (math $__sealwatch_central_count + 1)
        else if test "$word" = --
            set ended yes
            set __sealwatch_central_open ''
        else if string match -qr -- '^-.' "$word"
            set waiting ''
            set __sealwatch_central_open ''
            if contains -- "$__sealwatch_central_place $word" $__sealwatch_central_many
                set waiting many
                set __sealwatch_central_open "$__sealwatch_central_place $word"
            else if contains -- "$__sealwatch_central_place $word" $__sealwatch_central_valued
                set waiting one
            end
        else if test -n "$waiting"
            test "$waiting" = one; and set waiting ''
        else
            set -l deeper "$word"
            test -n "$__sealwatch_central_place"; and set deeper "$__sealwatch_central_place $word"
            if contains -- "$deeper" $__sealwatch_central_commands
                set __sealwatch_central_place "$deeper"
            else if contains -- "$__sealwatch_central_place" $__sealwatch_central_groups
                set __sealwatch_central_place '?'
                return
            else
                set __sealwatch_central_count (math $__sealwatch_central_count + 1)
            end
        end
    end
end

function __sealwatch_central_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l line (string escape -- $words | string join ' ')
    if not set -q __sealwatch_central_line; or test "$__sealwatch_central_line" != "$line"
        __sealwatch_central_walk $words
        set -g __sealwatch_central_line "$line"
    end
    test -n "$__sealwatch_central_open"; and test "$__sealwatch_central_open" = "$argv[1]"; and return 0
    test "$__sealwatch_central_place" = "$argv[1]"; or return 1
    test -z "$argv[2]"; or test "$__sealwatch_central_count" = "$argv[2]"
end

function __sealwatch_central_programs
    set -l typed (commandline -ct)
    # fish would run a substitution in the name of a program.
    string match -qr -- '^[\w./+~-]+$' "$typed"; and complete -C"$typed"
end

function __sealwatch_central_keys
    set -l directory "$HOME/.local/state/sealwatch"
    set -q XDG_STATE_HOME; and test -n "$XDG_STATE_HOME"; and set directory "$XDG_STATE_HOME/sealwatch"
    test (id -u) = 0; and set directory /var/lib/sealwatch
    set -l words (commandline -opc)
    for at in (seq (count $words))
        if test "$words[$at]" = --state-dir
            set -l next (math $at + 1)
            set -q words[$next]; and set directory (string replace -r '^~/' "$HOME/" -- "$words[$next]")
        else if string match -q -- '--state-dir=*' "$words[$at]"
            set directory (string replace -- --state-dir= '' "$words[$at]")
        end
    end
    for file in "$directory"/keys/*.pem
        string match -r -- '^[A-Za-z0-9_][A-Za-z0-9._-]*$' (string replace -r '.*/' '' -- "$file" | string replace -r '\.pem$' '')
    end
end

complete -c sealwatch-central -f
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'run' -d 'run central by its config file'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'token' -d 'tokens with which hosts enrol'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'agent' -d 'agents that enrolled'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'api-token' -d 'tokens with which programs use the API'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'audit' -d 'what operators did'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'backup' -d 'copy the database while central runs'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'restore' -d 'put a backup in the place of the database, while central does not run'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'bundle' -d 'signed bundles'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'rollout' -d 'how bundles reach hosts'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'approve' -d 'sign for the fleet what hosts ask to run'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'doctor' -d 'whether central has what it needs, and what to do where not; 1 where something is degraded'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -a 'help' -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'run\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'run\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'token\'' -a 'create' -d 'make a token; it is shown once'
complete -c sealwatch-central -n '__sealwatch_central_at \'token\'' -a 'list' -d 'all tokens, without their secrets'
complete -c sealwatch-central -n '__sealwatch_central_at \'token\'' -a 'revoke' -d 'let nothing enrol with a token any more; 1 where there is no such token'
complete -c sealwatch-central -n '__sealwatch_central_at \'token\'' -a 'help' -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'token\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'token create\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'token create\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'token create\'' -l count -r -f -d 'hosts that it enrols'
complete -c sealwatch-central -n '__sealwatch_central_at \'token create\'' -l expires -r -f -d 'how long it is good for: 90m, 12h, 7d'
complete -c sealwatch-central -n '__sealwatch_central_at \'token create\'' -l group -r -f -d 'group that the hosts then belong to'
complete -c sealwatch-central -n '__sealwatch_central_at \'token create\'' -l out -r -F -d 'write it to a new file of mode 0600'
complete -c sealwatch-central -n '__sealwatch_central_at \'token create\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'token list\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'token list\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'token list\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'token revoke\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'token revoke\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'token revoke\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'token help\' 0' -f -a 'create list revoke' -d 'a command'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent\'' -a 'list' -d 'every agent with its state'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent\'' -a 'revoke' -d 'end the connection of an agent, and shut it out; 1 where there is no such agent'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent\'' -a 'help' -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent list\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent list\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent list\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent revoke\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent revoke\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent revoke\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'agent help\' 0' -f -a 'list revoke' -d 'a command'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token\'' -a 'create' -d 'make a token; it is shown once'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token\'' -a 'list' -d 'all API tokens, without their secrets'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token\'' -a 'revoke' -d 'end an API token at once; 1 where there is no such token'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token\'' -a 'help' -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token create\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token create\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token create\'' -l role -r -f -a 'viewer analyst approver admin' -d 'what it may do'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token create\'' -l name -r -f -d 'who uses it, for the audit log'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token create\'' -l expires -r -f -d 'how long it is good for: 12h, 90d'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token create\'' -l out -r -F -d 'write it to a new file of mode 0600'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token create\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token list\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token list\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token list\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token revoke\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token revoke\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token revoke\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'api-token help\' 0' -f -a 'create list revoke' -d 'a command'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit\'' -a 'verify' -d 'check the chain of all entries; 1 where it is broken'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit\'' -a 'export' -d 'every entry as a line of JSON'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit\'' -a 'help' -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit verify\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit verify\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit verify\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit export\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit export\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit export\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'audit help\' 0' -f -a 'verify export' -d 'a command'
complete -c sealwatch-central -n '__sealwatch_central_at \'backup\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'backup\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'backup\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'backup\' 0' -F -d 'where the copy goes; it must not be there'
complete -c sealwatch-central -n '__sealwatch_central_at \'restore\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'restore\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'restore\'' -l force -d 'replace a database that holds something'
complete -c sealwatch-central -n '__sealwatch_central_at \'restore\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'restore\' 0' -F -d 'a backup'
complete -c sealwatch-central -n '__sealwatch_central_at \'bundle\'' -a 'add' -d 'hand a signed bundle to central; no host is offered it before a rollout'
complete -c sealwatch-central -n '__sealwatch_central_at \'bundle\'' -a 'help' -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'bundle\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'bundle add\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'bundle add\'' -l url -r -f -d 'central\'s API'
complete -c sealwatch-central -n '__sealwatch_central_at \'bundle add\'' -l token-file -r -F -d 'file that holds an API token'
complete -c sealwatch-central -n '__sealwatch_central_at \'bundle add\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'bundle add\' 0' -F -d 'a signed bundle'
complete -c sealwatch-central -n '__sealwatch_central_at \'bundle help\' 0' -f -a 'add' -d 'a command'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout\'' -a 'start' -d 'offer a bundle to hosts, to canaries first'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout\'' -a 'stop' -d 'offer it to nobody any more; hosts that have it keep it'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout\'' -a 'status' -d 'all rollouts, with how many hosts took or refused what they bring'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout\'' -a 'help' -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout start\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout start\'' -l url -r -f -d 'central\'s API'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout start\'' -l token-file -r -F -d 'file that holds an API token'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout start\'' -l group -r -f -d 'only hosts of this group; may be repeated'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout start\'' -l canary -r -f -d 'share of hosts that get it first; 0: all at once'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout start\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout start\' 0' -f -a 'rules approvals policy config' -d 'what the bundle holds'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout stop\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout stop\'' -l url -r -f -d 'central\'s API'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout stop\'' -l token-file -r -F -d 'file that holds an API token'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout stop\'' -l reason -r -f -d 'why, for the audit log'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout stop\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout status\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout status\'' -l url -r -f -d 'central\'s API'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout status\'' -l token-file -r -F -d 'file that holds an API token'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout status\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'rollout help\' 0' -f -a 'start stop status' -d 'a command'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l url -r -f -d 'central\'s API'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l token-file -r -F -d 'file that holds an API token'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l state-dir -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'where keys lie'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l key -r -f -a '(__sealwatch_central_keys)' -d 'key that signs: a name, or ssh:COMMENT of the OpenSSH agent; approver unless told'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l owner -r -f -d 'who answers for the server; must be told to sign'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l reason -r -f -d 'why it may run'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l expires -r -f -d 'days until the approval ends; it does not end unless told'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l group -r -f -d 'only hosts of this group; may be repeated'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l accept -r -f -a 'mcp_auto_approve mcp_closure_unresolved mcp_config_symlink mcp_config_writable_by_others mcp_docker_privileged mcp_hardcoded_secret mcp_helper_writable mcp_insecure_tls mcp_loader_variable mcp_npx_call mcp_path_writable mcp_plain_http mcp_remote_unauthenticated mcp_root_filesystem mcp_self_authority mcp_shell_wrapper mcp_unpinned_package' -d 'accept a finding although production asks otherwise; may be repeated'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l policy -r -F -d 'what it may do while it runs'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -l decision -r -f -d 'go on with what another approver began'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -s y -l yes -d 'ask no question before it is signed'
complete -c sealwatch-central -n '__sealwatch_central_at \'approve\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'doctor\'' -l json -d 'answer in JSON on stdout'
complete -c sealwatch-central -n '__sealwatch_central_at \'doctor\'' -l config -r -F -d 'central\'s config file (docs/central-config.md)'
complete -c sealwatch-central -n '__sealwatch_central_at \'doctor\'' -s h -l help -d 'display help for command'
complete -c sealwatch-central -n '__sealwatch_central_at \'help\' 0' -f -a 'run token agent api-token audit backup restore bundle rollout approve doctor' -d 'a command'
