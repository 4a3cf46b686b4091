"""The verb `completion`."""

from __future__ import annotations

from treering.cli.dvc.call import Call

__all__ = ["completion"]

# The candidates come from the program itself, so that a script never grows old.
_BASH = """\
_treering_dvc() {
    local words=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
    if [ "${COMP_WORDS[0]##*/}" = treering ]; then words=("${words[@]:1}"); fi
    COMPREPLY=($(treering dvc --complete "${words[@]}" "${COMP_WORDS[COMP_CWORD]}" 2>/dev/null))
}
complete -o default -F _treering_dvc dvc
"""
_ZSH = """\
#compdef dvc
_treering_dvc() {
    local -a found
    found=(${(f)"$(treering dvc --complete ${words[2,CURRENT-1]} "${words[CURRENT]}" 2>/dev/null)"})
    if (( $#found )); then compadd -a found; else _files; fi
}
compdef _treering_dvc dvc
"""


def completion(call: Call) -> None:
    """Print the script for a shell in which `dvc` stands for `treering dvc`."""
    call.give((_BASH if call.options.shell == "bash" else _ZSH).rstrip())
