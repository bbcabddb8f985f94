# SPDX-License-Identifier: Apache-2.0
# usage: awk -f man/rows.awk -f contrib/completions/fish.awk options.def commands.def > monitor.fish
# The completion of monitor for fish, from the same rows as its parser.

function quoted(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/'/, "\\'", text)
	return "'" text "'"
}

function words_of(text) {
	sub(/ .*/, "", text)
	gsub(/\|/, " ", text)
	return text
}

function row(name, n,    line, short) {
	if (name == "COMMAND") {
		print "complete -c monitor -n __fish_use_subcommand -f -a " arg[1] " -d " quoted(arg[3])
		if (arg[2] ~ /^[a-z]+(\|[a-z]+)+( |$)/)
			print "complete -c monitor -n '__monitor_of " arg[1] "' -f -a " quoted(words_of(arg[2]))
		if (arg[1] == "run")
			print "complete -c monitor -n __monitor_of_another -x -a '(__monitor_another)'"
		return
	}
	if (name != "OPTION") return
	short = arg[3]
	gsub(/'/, "", short)
	line = "complete -c monitor -n '__monitor_of " arg[2] "'"
	if (arg[4] != "") line = line " -l " arg[4]
	if (short != "0") line = line " -s " short
	if (arg[6] ~ /^[a-z-]+(\|[a-z-]+)+$/) line = line " -x -a " quoted(words_of(arg[6]))
	else if (arg[6] == "PRIORITY") line = line " -x -a 'emergency alert critical error warning notice informational debug'"
	else if (arg[5] == "REQUIRED") line = line " -r"
	print line " -d " quoted(arg[7])
}

BEGIN {
	print "# made from src/app/options.def and src/app/commands.def"
	print "function __monitor_of"
	print "\tset -l words (commandline -opc)"
	print "\ttest (count $words) -gt 1; and test $words[2] = $argv[1]; and not contains -- -- $words"
	print "end"
	print "function __monitor_of_another"
	print "\tset -l words (commandline -opc)"
	print "\ttest (count $words) -gt 1; and test $words[2] = run; and contains -- -- $words"
	print "end"
	print "function __monitor_another"
	print "\tset -l words (commandline -opc)"
	print "\tset -e words[1..(contains -i -- -- $words)]"
	print "\t__fish_complete_subcommand --commandline $words (commandline -ct)"
	print "end"
	print "complete -c monitor -n __fish_use_subcommand -l help -d 'tell how it is used'"
	print "complete -c monitor -n __fish_use_subcommand -l version -d 'tell the version'"
}
