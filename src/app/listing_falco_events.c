/* SPDX-License-Identifier: Apache-2.0 */
#include "app/listing.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "event/event.h"
#include "event/flags.h"

/* ---- which events ---- */

static const struct {
	const char *title;
	uint32_t category;
} kinds[] = {
	{ "Syscall events", EC_SYSCALL },
	{ "Tracepoint events", EC_TRACEPOINT },
	{ "Plugin events", EC_PLUGIN },
	{ "Metaevents", EC_METAEVENT },
};

/*
 * Calls that move data at high rates and change no state: a monitor that looks at all calls leaves them out
 * by default.
 */
static bool is_ignored(const struct event_info *e)
{
	uint32_t what = e->category & EC_MASK;
	uint16_t type;

	if (!(e->category & EC_SYSCALL) || (what != EC_IO_READ && what != EC_IO_WRITE))
		return false;
	/* either event of the call may be the one that changes the state */
	for (type = 0; type < EV_COUNT; type++)
		if (event_table[type].flags & EF_MODIFIES_STATE && strcmp(event_table[type].name, e->name) == 0)
			return false;
	return true;
}

static bool is_listed(unsigned int type)
{
	const struct event_info *e = &event_table[type];

	return type != EV_GENERIC_E && type != EV_GENERIC_X && !(e->flags & (EF_OLD_VERSION | EF_UNUSED)) &&
	       e->category != EC_UNKNOWN;
}

static unsigned int kind_of(const struct event_info *e)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (e->category & kinds[i].category)
			break;
	return i;
}

/* The name of a call without an event of its own; NULL for others. */
static const char *generic_name(unsigned int code)
{
	return code && syscall_code_is_generic(code) ? syscall_code_name(code) : NULL;
}

/* ---- one event ---- */

static const struct flag_set *flags_of(const struct param_info *p)
{
	switch (p->type) {
	case PT_FLAGS8:
	case PT_FLAGS16:
	case PT_FLAGS32:
	case PT_ENUMFLAGS8:
	case PT_ENUMFLAGS16:
	case PT_ENUMFLAGS32:
		return p->flags;
	default:
		return NULL;
	}
}

static void add_param(struct strbuf *out, const struct param_info *p, enum listing_form form)
{
	const struct flag_set *flags = flags_of(p);

	strbuf_addf(out, "%s **%s**%s", param_type_name(p->type), p->name, flags ? ": " : "");
	for (uint32_t i = 0; flags && i < flags->count; i++)
		strbuf_addf(out, form == LISTING_MARKDOWN ? "%s*%s*" : "%s%s", i ? ", " : "", flags->names[i].name);
}

static void add_json_param(struct strbuf *out, const struct param_info *p)
{
	const struct flag_set *flags = flags_of(p);

	strbuf_adds(out, "{");
	for (uint32_t i = 0; flags && i < flags->count; i++)
		strbuf_addf(out, "%s\"%s\"", i ? "," : "\"flags\":[", flags->names[i].name);
	if (flags)
		strbuf_adds(out, flags->count ? "]," : "\"flags\":[],");
	strbuf_addf(out, "\"name\":\"%s\",\"type\":\"%s\"}", p->name, param_type_name(p->type));
}

static void add_event(struct strbuf *out, const struct event_info *e, bool enter, const char *name,
		      enum listing_form form)
{
	char dir = enter ? '>' : '<';
	bool available = !is_ignored(e);

	if (form == LISTING_JSON)
		strbuf_addf(out, "%s{\"available\":%s,\"dir\":\"%c\",\"name\":\"%s\",\"params\":[",
			    out->ptr[out->len - 1] == '[' ? "" : ",", available ? "true" : "false", dir, name);
	else if (form == LISTING_MARKDOWN)
		strbuf_addf(out, "%s | `%c` | `%s` | ", available ? "Yes" : "No", dir, name);
	else
		strbuf_addf(out, "%c %s(", dir, name);
	for (uint32_t i = 0; i < e->nparams; i++) {
		strbuf_adds(out, !i ? "" : form == LISTING_JSON ? "," : ", ");
		if (form == LISTING_JSON)
			add_json_param(out, &e->params[i]);
		else
			add_param(out, &e->params[i], form);
	}
	strbuf_adds(out, form == LISTING_JSON ? "]}" : form == LISTING_MARKDOWN ? "\n" : ")\n");
}

static void add_kind(struct strbuf *out, unsigned int kind, enum listing_form form)
{
	for (unsigned int type = 0; type < EV_COUNT && !out->failed; type++)
		if (is_listed(type) && kind_of(&event_table[type]) == kind)
			add_event(out, &event_table[type], event_type_is_enter((uint16_t)type), event_table[type].name,
				  form);
	for (unsigned int code = 0; kind == 0 && code < SYSCALL_CODES && !out->failed; code++) {
		const char *name = generic_name(code);

		if (!name)
			continue;
		add_event(out, &event_table[EV_GENERIC_E], true, name, form);
		add_event(out, &event_table[EV_GENERIC_X], false, name, form);
	}
}

void listing_falco_events(struct strbuf *out, enum listing_form form)
{
	static const unsigned int by_name[] = { 3, 2, 0, 1 }; /* JSON's members are sorted */
	auto_strbuf struct strbuf json = { 0 };

	if (form != LISTING_JSON)
		strbuf_adds(out, "The events below are valid for Falco *Schema Version*: " LISTING_SCHEMA "\n");
	strbuf_addc(&json, '{');
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds) && !out->failed && !json.failed; i++) {
		if (form == LISTING_JSON) {
			strbuf_addf(&json, "\"%s\":[", kinds[by_name[i]].title);
			add_kind(&json, by_name[i], form);
			strbuf_adds(&json, "],");
			continue;
		}
		strbuf_addf(out, "## %s\n\n", kinds[i].title);
		if (form == LISTING_MARKDOWN)
			strbuf_adds(out, "Default | Dir | Name | Params \n:-------|:----|:-----|:-----\n");
		add_kind(out, i, form);
		strbuf_addc(out, '\n');
	}
	if (form != LISTING_JSON)
		return;
	strbuf_adds(&json, "\"schema_version\":\"" LISTING_SCHEMA "\"}");
	json_add_indented(out, strbuf_str(&json));
	strbuf_addc(out, '\n');
	out->failed |= json.failed;
}

void listing_falco_ignored(struct strbuf *out)
{
	strbuf_adds(out, "Ignored syscall(s):\n");
	for (unsigned int type = 0; type < EV_COUNT; type++)
		if (is_listed(type) && is_ignored(&event_table[type]))
			strbuf_addf(out, "- %s\n", event_table[type].name);
	strbuf_addc(out, '\n');
}
