# Completion of safestore for fish: safestore completion fish | source
function __safestore_complete
    set -l rest (commandline -cp | string replace -r '^\s*\S+\s+' '')
    set -l found (command safestore "[suggest:"(string length -- "$rest")"]" "$rest" 2>/dev/null | string match -r ".+")
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c safestore -f -a '(__safestore_complete)'
