# Runs commands of the tool on a store of the condition $CONDITION in ./place. Each leaves NUMBER.code, .out, .err, and .changed: what
# in ./place is not as it was: after a command that looks, a name, mode, owner, time or size; after one that changes, a document.
# OUTPUT is 'full' or 'closed' for a standard output that is. Lines 'run NUMBER look|change|follow COMMAND...' are added.
umask 022
chmod 755 .
as=()
case $CONDITION in
missing) rm -r place ;;
empty) rm -r place/store/* place/backups/* place/kata/* ;;
read-only) mount --bind place place && mount -o remount,ro,bind place ;;
unreadable) chmod 700 place && as=(setpriv --reuid 65534 --regid 65534 --clear-groups) ;;
only-read) chgrp -R 65534 place && as=(setpriv --reuid 65534 --regid 65534 --clear-groups) ;;
full)
    mv place source
    mkdir place
    truncate -s 32m image
    mkfs.ext4 -q -m 0 image
    mount -o loop image place
    ;;
esac

from=3
[ "$CONDITION" != parked ] || from=4
changed=yes

# Makes ./place what it was at first. A store that a process has open, or that cannot be changed, is it already.
renew() {
    [ -n "$changed" ] || return 0
    changed=
    case $CONDITION in
    missing) rm -rf place ;;
    read-only | unreadable | locked | faulted | rich) ;;
    full)
        rm -rf place/*
        cp -a --sparse=never source/. place
        sync -f place
        head -c 40m /dev/zero > place/fill 2> fill.errors
        sync -f place
        head -c 4m /dev/zero > place/fill2 2> fill.errors
        ;;
    *)
        [ -e source ] || cp -a --sparse=always place source
        rm -rf place
        cp -a --sparse=always source place
        ;;
    esac
}

state() { find place -printf '%p %i %m %U %s %T@ %C@\n' 2>&1; }

documents() { grep -rs '' place --include='*.json' --exclude-dir=.safestore --exclude-dir=backups; }

run() {
    local number=$1 kind=$2 command=$3
    shift 3
    local where=(--store place/store)
    case $command in
    adopt) where=(--config place/store/config --run place/store/run) ;;
    backup) [ "$1" = create ] || where=() ;;
    esac
    [ "$kind" != change ] || renew
    local before known
    before=$(state)
    known=$(documents)
    set -- "${as[@]}" $TOOL "$command" "$@" "${where[@]}"
    : > "$number.changed"
    if [ "$OUTPUT" = closed ]; then
        "$@" >&- 2> "$number.err" < /dev/null
    elif [ "$OUTPUT" = full ]; then
        "$@" > /dev/full 2> "$number.err" <<< '{"sandbox":"sb-2","ops":[{"put":"state.json","value":7}]}'
    elif [ "$kind" = follow ]; then
        [ -e pipe ] || mkfifo pipe
        "$@" > pipe 2> "$number.err" < /dev/null &
        # A watch of a store that is faulted ends itself after what was committed before.
        { read -r line && printf '%s\n' "$line" > "$number.out" && { [ "$CONDITION $command" = "faulted watch" ] || kill $!; }; } < pipe
        wait $!
    else
        "$@" > "$number.out" 2> "$number.err" <<< '{"sandbox":"sb-2","ops":[{"put":"state.json","value":7}]}'
    fi
    echo $? > "$number.code"
    [ -e "$number.out" ] || : > "$number.out"
    local after
    after=$(state)
    if [ "$before" != "$after" ]; then
        changed=yes
        if [ "$kind" != change ]; then
            diff <(echo "$before") <(echo "$after") > "$number.changed"
        else
            diff <(echo "$known") <(documents) > "$number.changed"
        fi
    fi
    local left=(out/*)
    [ -z "${left[*]}" ] || rm -rf out/*
}
shopt -s nullglob
mkdir -m 777 out
renew
