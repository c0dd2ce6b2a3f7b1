# Completion of gateway-console for fish. Made by `gateway-console completion fish`.

function __gateway_console_look_up --argument-names command # sets what may follow a command
    switch $command
        @COMMANDS@
        case '*'
            return 1
    end
    return 0 # `set` keeps the status of what ran before it
end

function __gateway_console_values --argument-names option # of "COMMAND --option"; fails if it takes no value
    switch $option
        @VALUES@
        case '*'
            return 1
    end
    return 0 # `set` keeps the status of what ran before it
end

function __gateway_console
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l program $typed[1]
    set -l command ''
    set -l option ''
    set -l position 1
    set -l asked
    for word in $typed[2..]
        if test -n "$option"
            contains -- $option --config --profile; and set -a asked $option $word
            set option ''
        else if test "$word" = --
            return
        else if string match -qr -- '^--(config|profile)=' $word
            set -a asked $word
        else if string match -q -- '-*' $word
            __gateway_console_values "$command $word"; and set option $word
        else if __gateway_console_look_up (string trim -- "$command $word")
            set command (string trim -- "$command $word")
        else
            set position (math $position + 1)
        end
    end
    set -g __gateway_console_candidates
    set -g __gateway_console_kinds any
    set -g __gateway_console_choices
    set -l before ''
    if test -z "$option"; and string match -qr -- '^--[a-z-]+=' $current
        set option (string replace -r -- '=.*' '' $current)
        set before $option=
        set current (string replace -r -- '^[^=]*=' '' $current)
    end
    if test -n "$option"
        set position 1
        set -g __gateway_console_candidates
        __gateway_console_values "$command $option"
    else
        __gateway_console_look_up $command
    end
    set -l kind $__gateway_console_kinds[$position]
    test -n "$kind"; or set kind $__gateway_console_kinds[-1]
    if test -n "$option"; or not string match -q -- '-*' $current
        for choice in $__gateway_console_choices
            echo $before$choice
        end
        switch $kind
            case profiles routes runs
                for name in ($program completion --names $kind $asked 2>/dev/null)
                    echo $before$name
                end
            case files
                __fish_complete_path $current
            case directories
                __fish_complete_directories $current
        end
    end
    for word in $__gateway_console_candidates
        if string match -q -- '-*' $word
            string match -q -- '-*' $current; and echo $word
        else
            string match -q -- '-*' $current; or echo $word
        end
    end
end

complete --command gateway-console --no-files --keep-order --arguments '(__gateway_console)'
