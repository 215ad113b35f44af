import type { Shell } from '../typed/actions/completion.js';

/**
 * What makes a shell ask `ctl complete`. What stands on the line is handed over as words and never evaluated: a `$(…)` that is still being
 * typed does not run. Manuals: bash(1) Programmable Completion, zshcompsys(1), fish complete(1).
 */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for ctl:  source <(ctl completion bash)
_ctl() {
  local typed="\${COMP_LINE:0:COMP_POINT}" words word meaning broken=''
  read -ra words <<<"$typed"
  [[ $typed == *[[:space:]] ]] && words+=('')
  local current="\${words[-1]}"
  # bash breaks words at : and = too, and takes what stands behind them alone.
  [[ $current == *[:=]* ]] && broken="\${current%"\${current##*[:=]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r word meaning; do
    case $word in
      :0) compopt -o default ;;
      :*) ;;
      *) COMPREPLY+=("\${word#"$broken"}") ;;
    esac
  done < <(ctl complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _ctl ctl
`,
  zsh: `#compdef ctl
# zsh completion for ctl:  source <(ctl completion zsh)
_ctl() {
  local line word
  local -a described
  for line in "\${(@f)$(ctl complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :0) _files ;;
      :*) ;;
      *) word=\${line%%$'\\t'*}; described+=("\${word//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  (( $#described )) && _describe ctl described
}
compdef _ctl ctl
`,
  fish: `# fish completion for ctl:  ctl completion fish | source
function __ctl_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answer (ctl complete -- $words[2..] 2>/dev/null)
  contains -- :0 $answer; and __fish_complete_path (commandline -ct)
  string match -v ':*' -- $answer
end
complete -c ctl -f -a '(__ctl_complete)'
`,
};
