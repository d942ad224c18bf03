#compdef safestore
# Completion of safestore for zsh, after compinit: eval "$(safestore completion zsh)"
_safestore() {
    local rest="${(j: :)words[2,CURRENT]}"
    local -a found=(${(f)"$(command safestore "[suggest:${#rest}]" "$rest" 2>/dev/null)"})
    if (( $#found )); then compadd -- $found; else _files; fi
}
compdef _safestore safestore
