#compdef gateway-console
# Completion of gateway-console for zsh. Made by `gateway-console completion zsh`.

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
    local program=$words[1] current=$words[CURRENT] command='' option='' word kind each position=1
    local -a typed=("${(@)words[2,CURRENT-1]}") kinds=() choices=() names=() asked=() flags=() verbs=()
    local -a candidates=()
    for word in "${typed[@]}"; do
        if [[ -n $option ]]; then
            case $option in --config | --profile) asked+=("$option" "$word") ;; esac
            option=''
        elif [[ $word == -- ]]; then
            _normal
            return
        elif [[ $word == --*=* ]]; then
            case $word in --config=* | --profile=*) asked+=("$word") ;; esac
        elif [[ $word == -* ]]; then
            _gateway_console_values "$command $word" && option=$word
        elif _gateway_console_words "${command:+$command }$word"; then
            command=${command:+$command }$word
        else
            ((position += 1))
        fi
    done
    if [[ -z $option && $current == --*=* ]]; then
        option=${current%%=*}
        compset -P '*='
    fi
    if [[ -n $option ]]; then
        candidates=() position=1
        _gateway_console_values "$command $option" || return 1
    else
        _gateway_console_words "$command"
    fi
    kind=${kinds[position]-$kinds[-1]}
    case $kind in
        profiles | routes | runs)
            names=("${(@f)$("$program" completion --names $kind "${asked[@]}" 2>/dev/null)}")
            names=("${(@)names:#}")
            ;;
    esac
    if [[ -n $option || $current != -* ]]; then
        (($#choices)) && compadd -a choices
        (($#names)) && compadd -V names -a names
        case $kind in
            files) _files ;;
            directories) _files -/ ;;
        esac
    fi
    [[ -n $option ]] && return
    for each in "${candidates[@]}"; do
        [[ $each == -* ]] && flags+=("$each") || verbs+=("$each")
    done
    if [[ $current == -* ]]; then
        _describe -o option flags
    elif (($#verbs)); then
        _describe command verbs
    fi
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _gateway_console "$@"
else
    compdef _gateway_console gateway-console
fi
