# SPDX-License-Identifier: Apache-2.0
# usage: awk -f man/rows.awk -f contrib/completions/zsh.awk options.def commands.def > _monitor
# The completion of monitor for zsh, from the same rows as its parser.

# within '...' of zsh, and of _arguments: brackets and colons are its own
function quoted(text, special) {
	gsub(special, "\\\\&", text)
	gsub(/'/, "'\\''", text)
	return text
}

function words_of(text) {
	sub(/ .*/, "", text)
	gsub(/\|/, " ", text)
	return text
}

function add(command, words) {
	specs[command] = specs[command] " \\\n\t\t\t" words
}

function row(name, n,    short, help, value) {
	if (name == "COMMAND") {
		ncommands++
		command[ncommands] = arg[1]
		about[arg[1]] = arg[3]
		if (arg[2] ~ /^[a-z]+(\|[a-z]+)+( |$)/) operands[arg[1]] = "'1:what:(" words_of(arg[2]) ")' '*:file:_files'"
		else if (arg[1] == "run") operands[arg[1]] = "'(-):command:_command_names -e' '*::argument:_normal'"
		else operands[arg[1]] = "'*:file:_files'"
		return
	}
	if (name != "OPTION") return
	short = arg[3]
	gsub(/'/, "", short)
	help = "[" quoted(arg[7], "[]:[\\\\]") "]"
	value = ""
	if (arg[6] ~ /^[a-z-]+(\|[a-z-]+)+$/) value = ":word:(" words_of(arg[6]) ")"
	else if (arg[6] == "PRIORITY") value = ":priority:(emergency alert critical error warning notice informational debug)"
	else if (arg[5] != "NONE") value = ":" quoted(arg[6], "[]:[\\\\]") ":_files"
	if (arg[5] == "OPTIONAL") value = ":" value
	if (arg[4] != "") add(arg[2], "'*--" arg[4] (arg[5] == "REQUIRED" ? "=" : arg[5] == "OPTIONAL" ? "=-" : "") help value "'")
	if (short != "0") add(arg[2], "'*-" short (arg[5] == "REQUIRED" ? "+" : "") help value "'")
}

END {
	print "#compdef monitor"
	print "# made from src/app/options.def and src/app/commands.def"
	print "_monitor() {"
	print "\tlocal curcontext=$curcontext state line"
	print "\tlocal -a commands=("
	for (i = 1; i <= ncommands; i++) print "\t\t'" quoted(command[i] ":" about[command[i]], "\\\\") "'"
	print "\t)"
	print "\t_arguments -C '(- *)--help[tell how it is used]' '(- *)--version[tell the version]' '1: :->command' '*:: :->words' && return"
	print "\tcase $state in"
	print "\tcommand) _describe command commands ;;"
	print "\twords)"
	print "\t\tcase $words[1] in"
	for (i = 1; i <= ncommands; i++) print "\t\t" command[i] ") _arguments -s -S" specs[command[i]] " \\\n\t\t\t" operands[command[i]] " ;;"
	print "\t\tesac"
	print "\t\t;;"
	print "\tesac"
	print "}"
	print "_monitor \"$@\""
}
