// What a shell is told once: to ask this program for candidates, whatever the line. A line per candidate comes back, its
// description behind a tab; where none comes, the shell goes on with names of files.

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** `program` is quoted for a shell. */
export function completionScript(shell: Shell, program: string): string {
  return SCRIPTS[shell].replaceAll('PROGRAM', () => program);
}

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# Completion of doorward for bash. In ~/.bashrc: source <(doorward completion bash)
_doorward() {
  local value description
  COMPREPLY=()
  while IFS=$'\\t' read -r value description; do
    COMPREPLY+=("$value")
  done < <(PROGRAM completion --candidates -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _doorward doorward
`,
  zsh: `#compdef doorward
# Completion of doorward for zsh. In ~/.zshrc, after compinit: source <(doorward completion zsh)
_doorward() {
  local -a found
  local value description
  while IFS=$'\\t' read -r value description; do
    found+=("$value:$description")
  done < <(PROGRAM completion --candidates -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe doorward found; else _files; fi
}
if [ "\${funcstack[1]}" = _doorward ]; then _doorward "$@"; else compdef _doorward doorward; fi
`,
  fish: `# Completion of doorward for fish. In ~/.config/fish/config.fish: doorward completion fish | source
function __doorward_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    PROGRAM completion --candidates -- $words[2..-1] "$current" 2>/dev/null
end
complete -c doorward -f -a '(__doorward_candidates)'
complete -c doorward -n 'string match -qr -- "-(file|dir)\\$" (commandline -opc)[-1]' -F
`,
};
