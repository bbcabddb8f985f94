/* SPDX-License-Identifier: Apache-2.0 */
/* What Falco's options print of fields and rules, in its forms. */
#include <errno.h>
#include <strings.h>

#include "app/listing.h"
#include "base/json.h"

#define RIGHT_COLUMN 30 /* where descriptions start */
#define TEXT_WIDTH   120
#define RULE_COLUMN  51
#define RULE_WIDTH   110

/* The classes in the order of the catalogue. One that has no title of its own belongs to the class before it. */
static const struct field_group {
	const char *name, *shown, *qualifier, *description;
	const struct foreign_catalogue *foreign; /* NULL = those of the catalogue that have the class */
	const struct plugin *plugin; /* which has them */
} groups[] = {
#define GROUP(name, shown, qualifier, description) { name, shown, qualifier, description, NULL, NULL }
	GROUP("evt_all", "evt", "All event types", "What every event has, whichever source it comes from."),
	GROUP("evt", "evt", "Syscall events only",
	      "What events of system calls have. Single parameters are read with evt.arg, such as evt.arg.flags."),
	GROUP("process", "process", "", "The process and the thread that an event is about."),
	GROUP("user", "user", "", "The user that the process runs as."),
	GROUP("group", "group", "", "The group that the process runs as."),
	GROUP("fd", "fd", "", "The descriptor that an event is about, and the file or socket behind it."),
	GROUP("fs.path", "fs.path", "",
	      "The paths that a call names, those of rename or unlink too, which open nothing."),
	GROUP("fdlist", "fdlist", "", "The descriptors that a poll waits for."),
	GROUP("static", "static", "", "Values that the configuration sets."),
	GROUP("container", "container (plugin)", "", ""),
#undef GROUP
};

bool listing_form_of(const char *word, enum listing_form *ret_form)
{
	static const char *const words[] = { "text", "markdown", "json" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(word, words[i]) == 0) {
			*ret_form = (enum listing_form)i;
			return true;
		}
	}
	return false;
}

/* ---- what is listed ---- */

static const struct field_group *group_of(const struct field_info *f)
{
	struct str class = field_flags(f) & FIELD_CONTAINER_PLUGIN ? STR("container") : field_class(f);

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (str_eq(class, str_of(groups[i].name)))
			return &groups[i];
	return NULL;
}

static bool is_listed(const struct field_info *f, const struct field_options *which)
{
	unsigned int flags = field_flags(f);

	if (flags & (FIELD_HIDDEN | FIELD_DEPRECATED | FIELD_TABLE_ONLY | FIELD_PRINT_ONLY | FIELD_OURS) ||
	    !group_of(f))
		return false;
	return !(flags & FIELD_CONTAINER_PLUGIN) || which->container_plugin;
}

/* A row of the list: a field of the catalogue, or one that the configuration made. */
struct entry {
	struct str name, help;
	const char *type;
	unsigned int flags;
};

static void take_fields(const struct listing_request *q, const struct field_group *group,
			void (*add)(struct strbuf *out, const struct listing_request *q, const struct entry *e),
			struct strbuf *out)
{
	const struct field_info *f;

	for (size_t i = 0; (f = group->foreign ? foreign_by_index(group->foreign, i) : field_by_index(i)); i++) {
		struct entry e = { field_name(f), field_help(f), param_type_name(field_type(f)), field_flags(f) };

		if (group->foreign)
			add(out, q, &e);
		if (group_of(f) == group && str_ends(e.name, STR(".*")))
			continue;
		if (group_of(f) == group && is_listed(f, q->which))
			add(out, q, &e);
	}
	for (size_t i = 0; strcmp(group->name, "static") == 0 && i < q->which->nstatic; i++) {
		auto_strbuf struct strbuf name = { 0 };
		struct entry e = { .help = STR("a value of the configuration"), .type = "CHARBUF" };

		strbuf_addf(&name, "static." STR_FMT, STR_ARG(q->which->static_names[i]));
		e.name = strbuf_str(&name);
		add(out, q, &e);
	}
}

static bool group_is_listed(const struct listing_request *q, const struct field_group *group)
{
	if (strcmp(group->name, "container") == 0)
		return q->which->container_plugin;
	return strcmp(group->name, "static") != 0 || q->which->nstatic;
}

/* ---- text ---- */

static void add_wrapped(struct strbuf *out, struct str text, size_t indent, size_t width)
{
	size_t len = 0;

	for (size_t at = 0; at < text.len;) {
		size_t start = at;

		while (at < text.len && text.ptr[at] != ' ' && text.ptr[at] != '\n')
			at++;
		if (at > start && len + (at - start) + 1 > width - indent) {
			strbuf_addf(out, "\n%*s", (int)indent, "");
			len = 0;
		}
		if (at > start) {
			strbuf_add(out, text.ptr + start, at - start);
			strbuf_addc(out, ' ');
			len += at - start + 1;
		}
		at++;
	}
}

/* Falco has these words of plugins' fields alone. */
static bool takes_key(unsigned int flags)
{
	return flags & FIELD_ARG_KEY || (flags & FIELD_CONTAINER_PLUGIN && flags & FIELD_ARG_REQUIRED);
}

static bool takes_index(unsigned int flags)
{
	return flags & FIELD_ARG_INDEX && flags & (FIELD_CONTAINER_PLUGIN | FIELD_FOREIGN) &&
	       flags & (FIELD_ARG_ALLOWED | FIELD_ARG_REQUIRED);
}

static bool has_source(const struct field_group *g, struct str source)
{
	if (g->plugin)
		return plugin_extracts_from(g->plugin, source);
	return strcmp(g->name, "evt_all") == 0 || strcmp(g->name, "static") == 0 || str_eq(source, STR("syscall"));
}

static bool shows_source(const struct listing_request *q, const struct field_group *g, struct str source)
{
	return has_source(g, source) && (!q->source.len || str_eq(source, q->source));
}

/*
 * The event sources that have these fields, of those that are asked for, in byte order as in Falco; without a
 * separator as words of JSON.
 */
static void add_sources(struct strbuf *out, const struct listing_request *q, const struct field_group *g,
			const char *between, const char *behind)
{
	bool json = *between;
	const char *before = "";
	struct str last = { 0 };

	for (;;) {
		struct str next = { 0 };

		for (size_t i = 0; i == 0 || (q->plugins && i < q->plugins->nsets); i++) {
			struct str source = i ? q->plugins->sets[i].source : STR("syscall");

			if (shows_source(q, g, source) && str_cmp(source, last) > 0 &&
			    (!next.len || str_cmp(source, next) < 0))
				next = source;
		}
		if (!next.len)
			return;
		strbuf_adds(out, before);
		if (json)
			json_add_string(out, next);
		else
			strbuf_addf(out, STR_FMT "%s", STR_ARG(next), behind);
		before = between;
		last = next;
	}
}

/* What a field is beyond its type: Falco's words, in their order. */
static void add_tags(struct strbuf *out, unsigned int flags)
{
	const struct {
		bool holds;
		const char *word;
	} tags[] = {
		{ flags & FIELD_ARG_ALLOWED, "ARG_ALLOWED" },
		{ takes_index(flags), "ARG_INDEX" },
		{ takes_key(flags), "ARG_KEY" },
		{ flags & FIELD_ARG_REQUIRED, "ARG_REQUIRED" },
		{ flags & FIELD_LIST, "EPF_IS_LIST" },
		{ flags & FIELD_NO_RHS, "EPF_NO_RHS" },
		{ flags & FIELD_NO_TRANSFORMER, "EPF_NO_TRANSFORMER" },
		{ flags & FIELD_FILTER_ONLY, "FILTER_ONLY" },
	};
	const char *before = "(";

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		if (!tags[i].holds)
			continue;
		strbuf_addf(out, "%s%s", before, tags[i].word);
		before = ",";
	}
	if (*before == ',')
		strbuf_adds(out, ") ");
}

static void add_text_field(struct strbuf *out, const struct listing_request *q, const struct entry *e)
{
	auto_strbuf struct strbuf text = { 0 };

	if (e->name.len > RIGHT_COLUMN)
		strbuf_addf(out, STR_FMT "\n%*s", STR_ARG(e->name), RIGHT_COLUMN, "");
	else
		strbuf_addf(out, "%-*.*s", RIGHT_COLUMN, (int)e->name.len, e->name.ptr);
	if (q->verbose)
		strbuf_addf(&text, "(Type: %s) ", e->type);
	add_tags(&text, e->flags);
	strbuf_addstr(&text, e->help);
	add_wrapped(out, strbuf_str(&text), RIGHT_COLUMN, TEXT_WIDTH);
	strbuf_addc(out, '\n');
	out->failed |= text.failed;
}

static void add_text_group(struct strbuf *out, const struct listing_request *q, const struct field_group *g)
{
	strbuf_addf(out, "-------------------------------\n%-*s%s", RIGHT_COLUMN, "Field Class:", g->shown);
	if (*g->qualifier)
		strbuf_addf(out, " (%s)", g->qualifier);
	if (*g->description) {
		strbuf_addf(out, "\n%-*s", RIGHT_COLUMN, "Description:");
		add_wrapped(out, str_of(g->description), RIGHT_COLUMN, TEXT_WIDTH);
	}
	strbuf_addf(out, "\n%-*s", RIGHT_COLUMN, "Event Sources:");
	add_sources(out, q, g, "", " ");
	strbuf_adds(out, "\n\n");
	take_fields(q, g, add_text_field, out);
	strbuf_addc(out, '\n');
}

/* ---- markdown ---- */

static void add_markdown_field(struct strbuf *out, const struct listing_request *q, const struct entry *e)
{
	(void)q;
	strbuf_addf(out,
		    e->flags & FIELD_LIST ? "`" STR_FMT "` | LIST(%s) | " STR_FMT "\n" :
					    "`" STR_FMT "` | %s | " STR_FMT "\n",
		    STR_ARG(e->name), e->type, STR_ARG(e->help));
}

static void add_markdown_group(struct strbuf *out, const struct listing_request *q, const struct field_group *g)
{
	strbuf_addf(out, "## Field Class: %s\n\n%s%sEvent Sources: ", g->shown, g->description,
		    *g->description ? "\n\n" : "");
	add_sources(out, q, g, "", " ");
	strbuf_adds(out, "\n\nName | Type | Description\n:----|:-----|:-----------\n");
	take_fields(q, g, add_markdown_field, out);
	strbuf_addc(out, '\n');
}

/* ---- JSON ---- */

static void add_json_field(struct strbuf *out, const struct listing_request *q, const struct entry *e)
{
	bool key = takes_key(e->flags), index = takes_index(e->flags);

	(void)q;
	strbuf_adds(out, out->ptr[out->len - 1] == '[' ? "{" : ",{");
	if (e->flags & (FIELD_ARG_ALLOWED | FIELD_ARG_REQUIRED))
		strbuf_addf(out, "\"argument\":{\"required\":%s,\"type\":[%s%s]}",
			    e->flags & FIELD_ARG_REQUIRED ? "true" : "false",
			    index ? key ? "\"INDEX\"," : "\"INDEX\"" : "", key ? "\"KEY\"" : "");
	else
		strbuf_adds(out, "\"argument\":null");
	strbuf_adds(out, ",\"desc\":");
	json_add_string(out, e->help);
	strbuf_addf(out, ",\"is_list\":%s,\"name\":", e->flags & FIELD_LIST ? "true" : "false");
	json_add_string(out, e->name);
	strbuf_addf(out, ",\"type\":\"%s\"}", e->type);
}

static void add_json_group(struct strbuf *out, const struct listing_request *q, const struct field_group *g)
{
	strbuf_adds(out, out->ptr[out->len - 1] == '[' ? "{" : ",{");
	if (*g->description) {
		strbuf_adds(out, "\"desc\":");
		json_add_string(out, str_of(g->description));
		strbuf_addc(out, ',');
	}
	strbuf_adds(out, "\"event_sources\":[");
	add_sources(out, q, g, ",", "");
	strbuf_adds(out, "],\"fields\":[");
	take_fields(q, g, add_json_field, out);
	strbuf_adds(out, "],\"name\":");
	json_add_string(out, str_of(g->shown));
	strbuf_addc(out, '}');
}

static void add_name(struct strbuf *out, const struct listing_request *q, const struct entry *e)
{
	if (q->form == LISTING_JSON) {
		strbuf_adds(out, out->ptr[out->len - 1] == '[' ? "" : ",");
		json_add_string(out, e->name);
	} else {
		strbuf_addf(out, STR_FMT "\n", STR_ARG(e->name));
	}
}

static void add_group(struct strbuf *out, const struct listing_request *q, const struct field_group *g)
{
	if (q->source.len && !has_source(g, q->source))
		return;
	if (q->names_only)
		take_fields(q, g, add_name, out);
	else if (q->form == LISTING_JSON)
		add_json_group(out, q, g);
	else if (q->form == LISTING_MARKDOWN)
		add_markdown_group(out, q, g);
	else
		add_text_group(out, q, g);
}

static void add_plugin(struct strbuf *out, const struct listing_request *q, const struct plugin *plugin)
{
	auto_strbuf struct strbuf name = { 0 };
	struct field_group g = { "", "", "", "", NULL, plugin };
	struct plugin_view view;

	plugin_get(plugin, &view);
	strbuf_addf(&name, STR_FMT " (plugin)", STR_ARG(view.name));
	out->failed |= name.failed;
	g.shown = name.ptr;
	g.foreign = view.fields;
	if (view.fields && !name.failed)
		add_group(out, q, &g);
}

void listing_falco_fields(struct strbuf *out, const struct listing_request *q)
{
	auto_strbuf struct strbuf json = { 0 };
	struct strbuf *to = q->form == LISTING_JSON ? &json : out;

	strbuf_adds(&json, q->names_only ? "{\"fieldnames\":[" : "{\"fieldclasses\":[");
	for (size_t i = 0; i < ARRAY_SIZE(groups) && !to->failed; i++)
		if (group_is_listed(q, &groups[i]))
			add_group(to, q, &groups[i]);
	for (size_t i = 0; q->plugins && i < q->plugins->count && !to->failed; i++)
		add_plugin(to, q, q->plugins->list[i]);
	if (q->form != LISTING_JSON)
		return;
	strbuf_adds(&json, "]}");
	json_add_indented(out, strbuf_str(&json));
	strbuf_addc(out, '\n');
	out->failed |= json.failed;
}

/* ---- rules ---- */

/* The name beside the description, which goes on below in its own column. */
static void add_rule(struct strbuf *out, struct str name, struct str description)
{
	strbuf_addf(out, "%-50.*s ", (int)name.len, name.ptr);
	add_wrapped(out, description, RULE_COLUMN, RULE_WIDTH);
	strbuf_adds(out, "\n\n");
}

int listing_falco_rules(struct strbuf *out, const struct ruleset *rules, const char *rule, struct error *err)
{
	struct rule_view view;
	bool found = !rule;

	strbuf_addf(out, "%-50s %s\n%-50s %s\n", "Rule", "Description", "----", "-----------");
	for (size_t i = 0; i < ruleset_count(rules); i++) {
		ruleset_get(rules, i, &view);
		if (rule && !str_eq(view.name, str_of(rule)))
			continue;
		found = true;
		add_rule(out, view.name, view.description);
	}
	return found ? 0 : error_set(err, -ENOENT, "Rule \"%s\" is not loaded", rule);
}
