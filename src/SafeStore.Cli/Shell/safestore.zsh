#compdef safestore
# Completion of safestore for zsh, after compinit: eval "$(safestore completion zsh)"
_safestore() {
    local rest="${(j: :)words[2,CURRENT]}"
    local -a found=(${(f)"$(command safestore "[suggest:${#rest}]" "$rest" 2>/dev/null)"})
    if (( ! $#found )); then _files
    elif [[ $found[1] == */ ]]; then compadd -S '' -- $found
    else compadd -- $found
    fi
}
compdef _safestore safestore
