# SPDX-License-Identifier: Apache-2.0
# usage: awk -f man/rows.awk -f contrib/completions/bash.awk options.def commands.def > monitor.bash
# The completion of monitor for bash, from the same rows as its parser.

function row(name, n,    short, words) {
	if (name == "COMMAND") {
		commands = commands (commands == "" ? "" : " ") arg[1]
		if (arg[2] ~ /^[a-z]+(\|[a-z]+)+( |$)/) { words = arg[2]; sub(/ .*/, "", words); gsub(/\|/, " ", words); operands[arg[1]] = words }
		return
	}
	if (name != "OPTION") return
	short = arg[3]
	gsub(/'/, "", short)
	if (arg[4] != "") options[arg[2]] = options[arg[2]] " --" arg[4]
	if (short != "0") options[arg[2]] = options[arg[2]] " -" short
	if (arg[6] ~ /^[a-z-]+(\|[a-z-]+)+$/) { words = arg[6]; gsub(/\|/, " ", words); values[arg[2] ":--" arg[4]] = words }
	if (arg[6] == "PRIORITY") values[arg[2] ":--" arg[4]] = "emergency alert critical error warning notice informational debug"
}

END {
	print "# made from src/app/options.def and src/app/commands.def"
	print "_monitor() {"
	print "\tlocal i cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}"
	print "\tCOMPREPLY=()"
	print "\t# what follows is a command with words of its own"
	print "\tfor ((i = 2; i < COMP_CWORD; i++)); do"
	print "\t\t[ \"${COMP_WORDS[i]}\" = -- ] || continue"
	print "\t\t[ \"$command\" = run ] && declare -F _command_offset >/dev/null && _command_offset $((i + 1))"
	print "\t\treturn"
	print "\tdone"
	print "\t# --option=word is three words"
	print "\t[ \"$cur\" = = ] && cur="
	print "\t[ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}"
	print "\tif [ \"$COMP_CWORD\" = 1 ]; then"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W '" commands " --help --version' -- \"$cur\")"
	print "\t\treturn"
	print "\tfi"
	print "\tcase $command:$prev in"
	for (v in values) print "\t" v ") mapfile -t COMPREPLY < <(compgen -W '" values[v] "' -- \"$cur\"); return ;;"
	print "\tesac"
	print "\tcase $command:$cur in"
	for (c in options) print "\t" c ":-*) mapfile -t COMPREPLY < <(compgen -W '" substr(options[c], 2) "' -- \"$cur\") ;;"
	for (c in operands) print "\t" c ":*) mapfile -t COMPREPLY < <(compgen -W '" operands[c] "' -- \"$cur\") ;;"
	print "\tesac"
	print "}"
	print "complete -o default -F _monitor monitor"
}
