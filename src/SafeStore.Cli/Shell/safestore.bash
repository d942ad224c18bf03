# Completion of safestore for bash: eval "$(safestore completion bash)"
_safestore() {
    local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]}
    local rest=${line#*[[:space:]]}
    local IFS=$'\n'
    COMPREPLY=($(compgen -W "$(command safestore "[suggest:${#rest}]" "$rest" 2>/dev/null)" -- "$word"))
    [[ ${COMPREPLY[0]-} != */ ]] || compopt -o nospace 2>/dev/null || true
}
complete -o default -F _safestore safestore
