# SPDX-License-Identifier: Apache-2.0
# usage: awk -f rows.awk -f pages.awk -v version=V TABLES.def... PAGE.in > PAGE
# Copies a manual page; lines that start with @ become tables made from the .def files:
#   @OPTIONS COMMAND   @COMMANDS   @FIELDS   @EVENTS   @OPERATORS   @TRANSFORMERS   @LIMITS BACKEND   @SUMMARY   @METRICS   @CONFIG

function roff(s) {
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	if (s ~ /^[.']/) s = "\\&" s
	return s
}

function row(name, n) {
	if (name == "OPTION") {
		o++
		o_command[o] = arg[2]; o_short[o] = arg[3]; o_long[o] = arg[4]; o_kind[o] = arg[5]
		o_value[o] = arg[6]; o_help[o] = arg[7]
		gsub(/'/, "", o_short[o])
	} else if (name == "COMMAND") {
		c++
		c_name[c] = arg[1]; c_operands[c] = arg[2]; c_help[c] = arg[3]
	} else if (name == "FIELD") {
		f++
		f_name[f] = arg[1]; f_class[f] = arg[2]; f_type[f] = arg[3]; f_flags[f] = arg[5]; f_help[f] = arg[9]
	} else if (name == "OPERATOR") {
		op++
		op_word[op] = arg[2]; op_kind[op] = arg[3]
	} else if (name == "CONFIG" || name == "MEMBER") {
		k++
		k_name[k] = name == "CONFIG" ? arg[2] : arg[1]
		k_type[k] = name == "CONFIG" ? arg[3] : arg[2]
		k_default[k] = name == "CONFIG" ? arg[4] : ""
		k_values[k] = name == "CONFIG" ? arg[5] : arg[3]
		k_state[k] = name == "CONFIG" ? arg[6] : "MEMBER"
		k_what[k] = name == "CONFIG" ? arg[7] : arg[4]
		k_why[k] = name == "CONFIG" ? arg[8] : ""
	} else if (name == "LIMIT") {
		li++
		li_backend[li] = arg[1]; li_text[li] = arg[2]
	} else if (name == "METRIC") {
		me++
		me_name[me] = arg[2]; me_snapshot[me] = arg[3]; me_help[me] = arg[6] == "FALCO_HELP" ? "As in Falco." : arg[6]
	} else if (name == "SUMMARY") {
		su++
		su_name[su] = arg[2]; su_text[su] = arg[3]
	} else if (name == "EVENT") {
		event_row(n)
	}
}

# P("name", TYPE, ...) P(...): names and types
function params(text,    out, at, part, name, type) {
	out = ""
	while ((at = index(text, "P(")) > 0) {
		text = substr(text, at + 2)
		split(text, part, ",")
		name = part[1]; type = part[2]
		gsub(/[ \t]/, "", name); gsub(/[ \t]/, "", type)
		out = out (out == "" ? "" : ", ") name " " tolower(type)
	}
	return out
}

# The newest form of each name; the exit kind when there is one, since it has all the parameters.
function event_row(n,    name, flags) {
	name = arg[3]; flags = arg[5]
	if (flags ~ /EF_UNUSED|EF_OLD_VERSION/ || arg[4] ~ /EC_METAEVENT|EC_ITER|EC_UNKNOWN/ || arg[2] ~ /^GENERIC_/) return
	if (!(name in e_params)) e_order[++e] = name
	e_params[name] = n > 7 ? params(arg[8]) : ""
	e_kind[name] = arg[4] ~ /EC_SYSCALL/ ? "system call" : "event"
}

function option(i,    left) {
	left = ""
	if (o_short[i] != "0") left = "\\fB\\-" o_short[i] "\\fR"
	if (o_long[i] != "") left = left (left == "" ? "" : ", ") "\\fB\\-\\-" roff(o_long[i]) "\\fR"
	if (o_kind[i] == "REQUIRED") left = left " \\fI" roff(o_value[i]) "\\fR"
	if (o_kind[i] == "OPTIONAL") left = left "[=\\fI" roff(o_value[i]) "\\fR]"
	print ".TP"; print left; print roff(o_help[i]) "."
}

$1 == "@VERSION" { print version; next }
$1 == "@OPTIONS" {
	for (i = 1; i <= o; i++) if (o_command[i] == $2) { option(i); found = 1 }
	if (!found) { print "no options of " $2 > "/dev/stderr"; exit 1 }
	next
}
$1 == "@LIMITS" {
	for (i = 1; i <= li; i++) if (li_backend[i] == $2) { print ".IP \\(bu 2"; print roff(li_text[i]) }
	next
}
$1 == "@SUMMARY" {
	for (i = 1; i <= su; i++) { print ".TP"; print "\\fB" roff(su_name[i]) "\\fR"; print roff(su_text[i]) "." }
	next
}
$1 == "@METRICS" {
	for (i = 1; i <= me; i++) {
		print ".TP"
		print "\\fB" roff(me_name[i]) "\\fR" (me_snapshot[i] == "" ? "" : ", " roff(me_snapshot[i]))
		print roff(me_help[i])
	}
	if (!me) { print "no metrics" > "/dev/stderr"; exit 1 }
	next
}
$1 == "@COMMANDS" {
	for (i = 1; i <= c; i++) {
		print ".TP"
		print "\\fBmonitor " c_name[i] "\\fR [\\fIOPTIONS\\fR] " roff(c_operands[i])
		print roff(c_help[i]) "."
	}
	next
}
$1 == "@CONFIG" {
	type["BOOL"] = "true or false"; type["INT"] = type["UINT"] = "integer"; type["DOUBLE"] = "number"; type["TEXT"] = "text"
	type["SECRET"] = "secret text"; type["LIST"] = "list"; type["MAP"] = "map"; type["OBJECTS"] = "list of maps"; type["ANY"] = "any"
	for (i = 1; i <= k; i++) {
		what = k_type[i] in type ? type[k_type[i]] : k_values[i]
		if (k_type[i] != "ANYCASE" && k_type[i] != "WORD" && k_values[i] != "") what = what " of " k_values[i]
		gsub(/\|/, ", ", what)
		if (k_state[i] != "MEMBER") what = what "; " (k_default[i] == "" ? "no default" : "default " k_default[i])
		print ".TP"
		print "\\fB" roff(k_name[i]) "\\fR (" roff(what) ")"
		print roff(k_what[i]) "."
		if (k_state[i] == "WORKS") print "\\fIWorks.\\fR"
		else if (k_state[i] != "MEMBER") print "\\fIAccepted without effect:\\fR " roff(k_why[i]) "."
	}
	if (!k) { print "no keys" > "/dev/stderr"; exit 1 }
	next
}
$1 == "@OPERATORS" {
	for (i = 1; i <= op; i++) printf "%s\\fB%s\\fR", (i > 1 ? ", " : ""), roff(op_word[i])
	print "."
	next
}
$1 == "@FIELDS" {
	for (i = 1; i <= f; i++) {
		if (f_flags[i] ~ /HIDDEN/) continue
		if (f_class[i] != last) { print ".SH " toupper(f_class[i]); last = f_class[i] }
		print ".TP"
		printf "\\fB%s\\fR", roff(f_name[i])
		if (f_flags[i] ~ /ARG_REQUIRED/) printf "[\\fIargument\\fR]"
		else if (f_flags[i] ~ /ARG_ALLOWED/) printf " or \\fB%s\\fR[\\fIargument\\fR]", roff(f_name[i])
		printf " (%s%s)", tolower(f_type[i]), (f_flags[i] ~ /FIELD_LIST/ ? ", list" : "") (f_flags[i] ~ /FIELD_OURS/ ? ", not in Falco" : "")
		print ""
		print roff(f_help[i]) "."
		if (f_flags[i] ~ /DEPRECATED/) print "Deprecated."
	}
	if (!f) { print "no fields" > "/dev/stderr"; exit 1 }
	next
}
$1 == "@EVENTS" {
	for (i = 1; i <= e; i++) {
		print ".TP"
		print "\\fB" roff(e_order[i]) "\\fR"
		print (e_params[e_order[i]] == "" ? "no parameters" : roff(e_params[e_order[i]]))
	}
	if (!e) { print "no events" > "/dev/stderr"; exit 1 }
	next
}
{ gsub(/@VERSION@/, version); print }
