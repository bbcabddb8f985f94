/* SPDX-License-Identifier: Apache-2.0 */
/* All fields, by class, as `monitor list fields` shows them. */
#include "app/listing.h"
#include "base/cleanup.h"
#include "event/event.h"

static const struct {
	facts_t fact;
	const char *name;
} fact_names[] = {
	{ FACT_EXE, "exe" },
	{ FACT_COMM, "comm" },
	{ FACT_ARGS, "args" },
	{ FACT_ENV, "env" },
	{ FACT_CRED, "cred" },
	{ FACT_CAPS, "caps" },
	{ FACT_LOGIN, "login" },
	{ FACT_SESSION, "session" },
	{ FACT_CWD, "cwd" },
	{ FACT_ROOT, "root" },
	{ FACT_LINEAGE, "lineage" },
	{ FACT_FD, "fd" },
	{ FACT_CONTAINER, "container" },
	{ FACT_RESOURCE, "resource" },
	{ FACT_FLAGS, "flags" },
	{ FACT_USERS, "users" },
	{ FACT_EVENT, "event" },
	{ FACT_FULL_ARGS, "full_args" },
	{ FACT_CALLER, "caller" },
	{ FACT_STACK, "stack" },
	{ FACT_FDS, "fds" },
};

static void add_facts(struct strbuf *out, facts_t reads)
{
	const char *before = "";

	if (!reads)
		strbuf_adds(out, "-");
	for (size_t i = 0; i < ARRAY_SIZE(fact_names); i++) {
		if (!(reads & fact_names[i].fact))
			continue;
		strbuf_addf(out, "%s%s", before, fact_names[i].name);
		before = ",";
	}
}

/*
 * Ours are facts of the tracer, which the captures that it writes keep; the metadata of containers is in
 * captures alone.
 */
static const char *sources(const struct field_info *f)
{
	unsigned int flags = field_flags(f);

	if (flags & FIELD_FOREIGN)
		return "plugin";
	if (field_is_empty(f))
		return "none";
	if (flags & FIELD_OURS && !(field_reads(f) & (FACT_LINEAGE | FACT_EXE)))
		return "run";
	if (flags & FIELD_CONTAINER_PLUGIN && !str_eq(field_name(f), STR("container.id")))
		return "captures";
	return str_eq(field_class(f), STR("evt_all")) ? "all" : "run,captures";
}

static const char *argument(const struct field_info *f)
{
	unsigned int flags = field_flags(f);

	if (flags & FIELD_ARG_REQUIRED)
		return flags & FIELD_ARG_INDEX && !(flags & FIELD_CONTAINER_PLUGIN) ? "index" : "required";
	if (flags & FIELD_ARG_ALLOWED)
		return flags & FIELD_ARG_INDEX ? "[index]" : "[optional]";
	return "-";
}

static void add_field(struct strbuf *out, const struct field_info *f, bool verbose)
{
	unsigned int flags = field_flags(f);
	auto_strbuf struct strbuf type = { 0 };

	strbuf_addf(&type, flags & FIELD_LIST ? "LIST(%s)" : "%s", param_type_name(field_type(f)));
	strbuf_addf(out, "  %-42.*s %-14s %-10s %-12s ", (int)field_name(f).len, field_name(f).ptr,
		    type.ptr ? type.ptr : "", argument(f), sources(f));
	add_facts(out, field_reads(f));
	strbuf_adds(out, flags & FIELD_OURS ? "  (not in Falco)\n" : "\n");
	if (verbose)
		strbuf_addf(out, "      " STR_FMT "\n", STR_ARG(field_help(f)));
	out->failed |= type.failed;
}

static void add_fields(struct strbuf *out, const struct listing_request *q, struct listing_names *names,
		       const struct foreign_catalogue *foreign)
{
	struct str last_class = STR("");
	const struct field_info *f;

	for (size_t i = 0; (f = foreign ? foreign_by_index(foreign, i) : field_by_index(i)); i++) {
		struct str class = field_class(f);

		if (field_flags(f) & (FIELD_HIDDEN | FIELD_DEPRECATED | FIELD_TABLE_ONLY) ||
		    !listing_wants(names, field_name(f)))
			continue;
		if (q->names_only) {
			strbuf_addf(out, STR_FMT "\n", STR_ARG(field_name(f)));
			continue;
		}
		if (!str_eq(class, last_class))
			strbuf_addf(out, "\n" STR_FMT ":\n", STR_ARG(class));
		last_class = class;
		add_field(out, f, q->verbose);
	}
}

void listing_fields(struct strbuf *out, struct listing_names *names, const struct listing_request *q)
{
	if (!q->names_only)
		strbuf_addf(out, "  %-42s %-14s %-10s %-12s %s\n", "FIELD", "TYPE", "ARGUMENT", "SOURCES",
			    "FACTS IT READS");
	add_fields(out, q, names, NULL);
	for (size_t i = 0; q->plugins && i < q->plugins->count; i++) {
		struct plugin_view view;

		plugin_get(q->plugins->list[i], &view);
		if (view.fields)
			add_fields(out, q, names, view.fields);
	}
}
