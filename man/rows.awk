# SPDX-License-Identifier: Apache-2.0
# Reads the rows of .def files: NAME(argument, "argument", ...) over one or several lines. For each row it calls
# row(name, n) of the script that is loaded beside this one, with the arguments in arg[1..n]; strings lose their quotes,
# adjacent strings are one, and so are names of strings (#define NAME "string"). Lines that belong to no row of a .def file are passed over.

function scan(text,    i, c, depth, quoted, word, was_string) {
	nargs = 1; arg[1] = ""; depth = 0; quoted = 0; balance = 0
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (quoted) {
			if (c == "\\") { i++; c = substr(text, i, 1) }
			else if (c == "\"") { quoted = 0; continue }
			arg[nargs] = arg[nargs] c
			continue
		}
		if (c == "\"") { quoted = 1; continue }
		if (c == "(") { if (depth++) arg[nargs] = arg[nargs] c; continue }
		if (c == ")") { if (--depth == 0) return 1; arg[nargs] = arg[nargs] c; continue }
		if (c == "," && depth == 1) { arg[++nargs] = ""; continue }
		if (c ~ /[ \t]/ && (arg[nargs] == "" || arg[nargs] ~ /[ \t]$/)) continue
		if (depth) arg[nargs] = arg[nargs] c
	}
	return 0
}

FILENAME ~ /\.def$/ && pending == "" && /^#define [A-Z_]+[ \t]+".*"$/ {
	text = $0
	sub(/^[^"]*"/, "", text)
	sub(/"$/, "", text)
	text_of[$2] = text
	next
}
FILENAME ~ /\.def$/ {
	if (pending == "" && $0 !~ /^[A-Z]+\(/) next
	sub(/^[ \t]+/, "")
	pending = pending (pending == "" ? "" : " ") $0
	if (scan(pending)) {
		name = pending
		sub(/\(.*/, "", name)
		pending = ""
		for (i = 1; i <= nargs; i++) if (arg[i] in text_of) arg[i] = text_of[arg[i]]
		row(name, nargs)
	}
	next
}
