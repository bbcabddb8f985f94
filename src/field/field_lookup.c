/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>

#include "base/parse.h"
#include "event/event.h"
#include "field/extract.h"
#include "field/field_find.h"
#include "field/param_name.h"

/*
 * From the text of a field to a reference; field_find.c finds its name. Arguments are of three kinds: [something] after
 * the name, a word after a dot (parameters of events, control groups), or a fixed suffix. What each field takes follows
 * from its row; the few that need more have a function here.
 */
struct lookup {
	struct str text; /* all that was given */
	size_t used; /* end of the name, later of the argument */
	struct field_ref *ref;
	struct error *err;
};

static int refuse(struct lookup *l, const char *why)
{
	return error_set(l->err, -EINVAL, "field '" STR_FMT "' %s", STR_ARG(l->ref->info->name), why);
}

static struct str rest(const struct lookup *l)
{
	return (struct str){ l->text.ptr + l->used, l->text.len - l->used };
}

/* [argument]; quotes around it are taken off. 1 when there is one. */
static int take_brackets(struct lookup *l)
{
	struct str r = rest(l);
	const char *end;
	size_t len;

	if (r.len == 0 || r.ptr[0] != '[')
		return 0;
	end = memchr(r.ptr, ']', r.len);
	if (!end)
		return refuse(l, "has an argument without its ']'");
	len = (size_t)(end - r.ptr) - 1;
	l->ref->arg = (struct str){ r.ptr + 1, len };
	if (len >= 2 && (r.ptr[1] == '"' || r.ptr[1] == '\'') && end[-1] == r.ptr[1])
		l->ref->arg = (struct str){ r.ptr + 2, len - 2 };
	l->ref->has_arg = true;
	l->used += len + 2;
	return 1;
}

/* .word; 1 when there is one. The caller has checked that a dot follows. */
static void take_dotted(struct lookup *l, size_t len)
{
	l->ref->arg = (struct str){ l->text.ptr + l->used + 1, len };
	l->ref->has_arg = true;
	l->used += 1 + len;
}

static bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!isdigit((unsigned char)s.ptr[i]))
			return false;
	}
	return s.len > 0;
}

/* Numbers with a leading zero are keys. */
static bool is_index(struct str s)
{
	return all_digits(s) && (s.len == 1 || s.ptr[0] != '0');
}

/* An index; without one that can be read the argument is not ours, and the caller refuses what follows the name. */
static int take_index(struct lookup *l, bool required)
{
	size_t before = l->used;
	int r, number;

	r = take_brackets(l);
	if (r > 0 && parse_int(l->ref->arg, &number) == 0) {
		l->ref->number = number;
		l->ref->arg_index = number > 0 ? (uint64_t)number : 0;
		return 0;
	}
	if (required)
		return r < 0 ? r : refuse(l, r > 0 ? "takes a number as its argument" : "needs an argument");
	l->used = before;
	l->ref->has_arg = false;
	l->ref->arg = STR("");
	return 0;
}

/* ---- parameters of events ---- */

static int take_param(struct lookup *l)
{
	struct str r = rest(l);
	const struct param_name *p;

	if (r.len == 0 || r.ptr[0] != '.')
		return refuse(l, "needs the name of a parameter after a dot");
	p = param_name_at((struct str){ r.ptr + 1, r.len - 1 });
	if (!p)
		return error_set(l->err, -EINVAL, "no event has a parameter '" STR_FMT "'", (int)r.len - 1, r.ptr + 1);
	take_dotted(l, p->name.len);
	l->ref->number = -1;
	return 0;
}

static int lookup_arg(struct lookup *l)
{
	int r;

	if (rest(l).len > 0 && rest(l).ptr[0] == '[') {
		l->ref->reads |= FACT_FD | FACT_CWD | FACT_USERS;
		return take_index(l, true);
	}
	r = take_param(l);
	if (r == 0)
		l->ref->reads |= param_name_at(l->ref->arg)->reads;
	return r;
}

static int lookup_rawarg(struct lookup *l)
{
	const struct param_info *p;
	int r = take_param(l);

	if (r < 0)
		return r;
	p = param_name_at(l->ref->arg)->first;
	l->ref->type = p->type;
	l->ref->format = p->format;
	return 0;
}

static int lookup_type_is(struct lookup *l)
{
	struct str r = rest(l), name;
	uint32_t number;

	if (r.len < 2 || r.ptr[0] != '.')
		return refuse(l, "needs the name of an event after a dot");
	name = (struct str){ r.ptr + 1, r.len - 1 };
	if (parse_u32(name, &number) == 0) {
		take_dotted(l, name.len);
		l->ref->number = number;
		l->ref->arg_index = 1; /* this number alone, not its exit event */
		return 0;
	}
	for (unsigned int type = 0; type < EV_COUNT; type++) {
		if (str_eq(name, str_of(event_info((uint16_t)type)->name))) {
			take_dotted(l, name.len);
			l->ref->number = type;
			l->ref->arg_index = 2;
			return 0;
		}
	}
	return error_set(l->err, -EINVAL, "no event is called '" STR_FMT "'", STR_ARG(name));
}

static int lookup_around(struct lookup *l)
{
	uint64_t ns;
	int r = take_brackets(l);

	if (r < 0)
		return r;
	if (r == 0 || parse_u64(l->ref->arg, &ns) < 0)
		return refuse(l, "takes epoch nanoseconds in brackets");
	l->ref->arg_index = ns;
	return 0;
}

static int lookup_abspath(struct lookup *l)
{
	static const struct {
		struct str suffix;
		int number;
	} suffixes[] = { { STR(".src"), 1 }, { STR(".dst"), 2 } };

	l->ref->number = 0;
	for (size_t i = 0; i < 2; i++) {
		if (str_starts(rest(l), suffixes[i].suffix)) {
			l->ref->number = suffixes[i].number;
			l->used += suffixes[i].suffix.len;
		}
	}
	return 0;
}

/* ---- processes ---- */

static int lookup_cgroup(struct lookup *l)
{
	struct str r = rest(l);
	size_t end = 1;

	if (r.len == 0 || r.ptr[0] != '.')
		return refuse(l, "needs the name of a subsystem after a dot");
	while (end < r.len && (isalpha((unsigned char)r.ptr[end]) || r.ptr[end] == '_'))
		end++;
	take_dotted(l, end - 1);
	return 0;
}

/* [NAME] of a variable, or [N] of an ancestor; proc.env takes a number for nothing at all, as Falco does. */
static int lookup_env(struct lookup *l)
{
	int r = take_brackets(l), number;

	if (r <= 0)
		return r;
	if (!all_digits(l->ref->arg))
		return 0;
	if (parse_int(l->ref->arg, &number) < 0)
		return refuse(l, "has an index that is too large");
	l->ref->number = number;
	l->ref->arg = STR("");
	return 0;
}

static int lookup_ancestor_env(struct lookup *l)
{
	int r = lookup_env(l);

	/* conditions look at every ancestor unless a variable is named, an index changes what outputs print */
	if (r >= 0 && l->ref->arg.len == 0)
		l->ref->several = FIELD_ANY;
	return r;
}

/* Of all ancestors at once when there is no index, conditions as well. */
static int lookup_ancestors_text(struct lookup *l)
{
	int r = take_index(l, false);

	if (l->ref->number == 0) /* the process itself */
		l->ref->reads |= FACT_COMM | FACT_EXE | FACT_ARGS;
	return r;
}

static int lookup_ancestor(struct lookup *l)
{
	int r = lookup_ancestors_text(l);

	if (l->ref->number == -1)
		l->ref->several = FIELD_ANY;
	return r;
}

static int lookup_optional_index(struct lookup *l)
{
	return take_index(l, false);
}

static int lookup_fd_types(struct lookup *l)
{
	int r = take_index(l, false);

	if (l->ref->has_arg)
		l->ref->list = true; /* Falco keeps the list type for the one value */
	return r;
}

static int lookup_ends(struct lookup *l)
{
	l->ref->several = FIELD_ENDS;
	return 0;
}

/* ---- metadata of containers: [key], [index] ---- */

static int lookup_key(struct lookup *l)
{
	unsigned int flags = l->ref->info->flags;
	int r = take_brackets(l), number;

	if (r < 0)
		return r;
	if (r == 0)
		return flags & FIELD_ARG_REQUIRED ? refuse(l, "needs an argument") : 0;
	if ((flags & FIELD_ARG_INDEX) && is_index(l->ref->arg) && parse_int(l->ref->arg, &number) == 0)
		l->ref->number = number;
	return 0;
}

static const struct {
	struct str name;
	int (*parse)(struct lookup *l);
} special[] = {
	{ { "evt.arg", sizeof("evt.arg") - 1 }, lookup_arg },
	{ { "evt.rawarg", sizeof("evt.rawarg") - 1 }, lookup_rawarg },
	{ { "evt.type.is", sizeof("evt.type.is") - 1 }, lookup_type_is },
	{ { "evt.around", sizeof("evt.around") - 1 }, lookup_around },
	{ { "evt.abspath", sizeof("evt.abspath") - 1 }, lookup_abspath },
	{ { "thread.cgroup", sizeof("thread.cgroup") - 1 }, lookup_cgroup },
	{ { "proc.env", sizeof("proc.env") - 1 }, lookup_env },
	{ { "proc.aenv", sizeof("proc.aenv") - 1 }, lookup_ancestor_env },
	{ { "proc.apid", sizeof("proc.apid") - 1 }, lookup_ancestor },
	{ { "proc.aname", sizeof("proc.aname") - 1 }, lookup_ancestor },
	{ { "proc.aexe", sizeof("proc.aexe") - 1 }, lookup_ancestor },
	{ { "proc.aexepath", sizeof("proc.aexepath") - 1 }, lookup_ancestor },
	{ { "proc.acmdline", sizeof("proc.acmdline") - 1 }, lookup_ancestor },
	{ { "proc.aargs", sizeof("proc.aargs") - 1 }, lookup_ancestors_text },
	{ { "proc.args", sizeof("proc.args") - 1 }, lookup_optional_index },
	{ { "fd.types", sizeof("fd.types") - 1 }, lookup_fd_types },
	{ { "fd.ip", sizeof("fd.ip") - 1 }, lookup_ends },
	{ { "fd.port", sizeof("fd.port") - 1 }, lookup_ends },
	{ { "fd.proto", sizeof("fd.proto") - 1 }, lookup_ends },
	{ { "fd.net", sizeof("fd.net") - 1 }, lookup_ends },
};

/* A plugin's field: it says itself what it takes. */
static int lookup_foreign(struct lookup *l)
{
	unsigned int flags = l->ref->info->flags;
	int r = flags & (FIELD_ARG_REQUIRED | FIELD_ARG_ALLOWED) ? take_brackets(l) : 0;
	uint64_t number;

	if (r < 0)
		return r;
	if (r == 0) {
		if (flags & FIELD_ARG_REQUIRED)
			return refuse(l, "needs an argument");
		return rest(l).len && rest(l).ptr[0] == '[' ? refuse(l, "takes no argument") : 0;
	}
	l->ref->arg_index = UINT64_MAX;
	if (flags & FIELD_ARG_INDEX && is_index(l->ref->arg) && parse_u64(l->ref->arg, &number) == 0) {
		l->ref->arg_index = number;
		l->ref->number = 0;
		return 0;
	}
	return flags & FIELD_ARG_KEY ? 0 : refuse(l, "takes a number as its argument");
}

static int parse_argument(struct lookup *l)
{
	if (l->ref->info->foreign)
		return lookup_foreign(l);
	for (size_t i = 0; i < ARRAY_SIZE(special); i++) {
		if (str_eq(l->ref->info->name, special[i].name))
			return special[i].parse(l);
	}
	if (l->ref->info->flags & (FIELD_ARG_REQUIRED | FIELD_ARG_ALLOWED))
		return lookup_key(l);
	if (rest(l).len > 0 && rest(l).ptr[0] == '[')
		return refuse(l, "takes no argument");
	return 0;
}

int field_lookup(struct str text, const struct field_options *options, struct field_ref *ret_ref, size_t *ret_used,
		 struct error *err)
{
	struct field_ref ref = { .number = -1 };
	struct lookup l = { .text = text, .ref = &ref, .err = err };
	int64_t static_index;
	int r;

	ref.info = field_find(text, options, &static_index, &l.used);
	if (!ref.info)
		return error_set(err, -ENOENT, "there is no field '" STR_FMT "'", STR_ARG(text));
	ref.type = ref.info->type;
	ref.format = ref.info->format;
	ref.list = ref.info->flags & FIELD_LIST;
	ref.reads = ref.info->reads;
	ref.arg = STR("");
	r = parse_argument(&l);
	if (r < 0)
		return r;
	if (ref.info->extract == field_static_value)
		ref.number = static_index;
	ref.text = (struct str){ text.ptr, l.used };
	*ret_ref = ref;
	*ret_used = l.used;
	return 0;
}
