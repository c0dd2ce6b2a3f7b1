# Completion of gateway-console for bash. Made by `gateway-console completion bash`.

_gateway_console_words() { # $1: a command; sets what may follow it
    case "$1" in
        @COMMANDS@
        *) return 1 ;;
    esac
}

_gateway_console_values() { # $1: a command and its option; fails if the option takes no value
    case "$1" in
        @VALUES@
        *) return 1 ;;
    esac
}

_gateway_console() {
    local IFS=$' \t\n' program=$1 command='' option='' word kind each
    local -a candidates=() kinds=() choices=() found=() names=() asked=()
    local current=${COMP_WORDS[COMP_CWORD]} index position=0
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [[ $word == = ]]; then
            continue
        elif [[ -n $option ]]; then
            case $option in --config | --profile) asked+=("$option" "$word") ;; esac
            option=''
        elif [[ $word == -- ]]; then
            COMPREPLY=()
            compopt -o default 2>/dev/null
            return
        elif [[ $word == -* ]]; then
            _gateway_console_values "$command $word" && option=$word
        elif _gateway_console_words "${command:+$command }$word"; then
            command=${command:+$command }$word
        else
            ((position += 1))
        fi
    done
    [[ $current == = ]] && current=''
    if [[ -n $option ]]; then
        candidates=() position=0
        _gateway_console_values "$command $option"
    else
        _gateway_console_words "$command"
    fi
    kind=${kinds[position]-${kinds[${#kinds[@]} - 1]}}
    case $kind in
        profiles | routes | runs)
            while IFS= read -r each; do names+=("$each"); done \
                < <("$program" completion --names "$kind" ${asked[@]+"${asked[@]}"} 2>/dev/null)
            ;;
        files) compopt -o default 2>/dev/null ;;
        directories) compopt -o dirnames 2>/dev/null ;;
    esac
    [[ -z $option && $current != -* ]] || [[ -n $option ]] && found=(${choices[@]+"${choices[@]}"} ${names[@]+"${names[@]}"})
    COMPREPLY=()
    for each in ${found[@]+"${found[@]}"} ${candidates[@]+"${candidates[@]}"}; do
        # Options are offered once a dash is typed.
        [[ $each == -* && $current != -* ]] && continue
        [[ $each == "$current"* ]] && COMPREPLY+=("$each")
    done
}

complete -F _gateway_console gateway-console
