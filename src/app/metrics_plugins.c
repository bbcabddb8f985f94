/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "app/metrics.h"

/*
 * What plugins measure, of all event sources that are watched: each has copies of its own, which may tell
 * figures of one name.
 */

struct figure {
	char *name, *value;
	struct str source; /* the session's */
	bool counter, zero;
};

struct plugin_figures {
	struct figure *list;
	size_t n, cap;
	struct str source; /* of those that come */
};

static void add(void *context, const struct plugin_metric *m)
{
	struct plugin_figures *all = context;
	struct figure *f;

	if (all->n == all->cap) {
		size_t cap = all->cap ? 2 * all->cap : 16;
		struct figure *more = reallocarray(all->list, cap, sizeof(*more));

		if (!more)
			return;
		all->list = more;
		all->cap = cap;
	}
	f = &all->list[all->n];
	*f = (struct figure){ str_dup(str_of(m->name)), str_dup(str_of(m->value)), all->source, m->counter, m->zero };
	if (f->name && f->value) {
		all->n++;
		return;
	}
	free(f->name);
	free(f->value);
}

static void collect_from(struct plugin_figures *all, const struct session *s)
{
	all->source = s->source_name.len ? s->source_name : STR("syscall");
	if (s->plugins)
		plugin_host_metrics(s->plugins, add, all);
}

static void collect(struct plugin_figures *all, const struct session *s)
{
	if (s->plugins)
		plugin_host_measure(s->plugins);
	collect_from(all, s);
	for (size_t i = 0; i < s->npeers; i++) /* their threads have measured */
		collect_from(all, s->peers[i]);
}

static void clear(struct plugin_figures *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->list[i].name);
		free(all->list[i].value);
	}
	free(all->list);
}

/* ---- Prometheus ---- */

/* Falco's names: units at the end of words go, what is no letter or digit becomes one '_', "total" is behind it. */
static char *prometheus_name(const char *name)
{
	static const char *const units[] = { "_kb",    "_bytes", "_mb", "_percentage", "_perc", "_ratio",
					     "_ns", "_ts",    "_sec", "_total" };
	auto_strbuf struct strbuf out = { 0 };
	char last = '_';

	strbuf_adds(&out, "falcosecurity_plugins_");
	for (const char *at = name; *at;) {
		size_t unit = 0;
		char c = *at;

		while (unit < ARRAY_SIZE(units) && strncmp(at, units[unit], strlen(units[unit])) != 0)
			unit++;
		if (unit < ARRAY_SIZE(units)) {
			at += strlen(units[unit]);
			continue;
		}
		at++;
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':'))
			c = '_';
		if (c != '_' || last != '_')
			strbuf_addc(&out, c);
		last = c;
	}
	strbuf_adds(&out, last == '_' ? "total" : "_total");
	return out.failed ? NULL : str_dup(strbuf_str(&out));
}

static int by_name(const void *a, const void *b)
{
	const struct figure *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : str_cmp(x->source, y->source);
}

static bool same(const struct figure *a, const struct figure *b)
{
	return strcmp(a->name, b->name) == 0 && str_eq(a->source, b->source);
}

void metrics_add_plugins(const struct session *s, struct strbuf *out)
{
	struct plugin_figures all = { 0 };

	collect(&all, s);
	for (size_t i = 0; i < all.n; i++) {
		char *name = prometheus_name(all.list[i].name);

		out->failed = out->failed || !name;
		if (!name)
			continue;
		free(all.list[i].name);
		all.list[i].name = name;
	}
	if (all.n)
		qsort(all.list, all.n, sizeof(*all.list), by_name);
	for (size_t i = 0; i < all.n; i++) {
		const struct figure *f = &all.list[i];

		if (i && same(f, f - 1)) /* the format has each but once */
			continue;
		if (!i || strcmp(f->name, f[-1].name) != 0)
			strbuf_addf(out, "# HELP %s https://falco.org/docs/metrics/\n# TYPE %s %s\n", f->name, f->name,
				    f->counter ? "counter" : "gauge");
		strbuf_addf(out, "%s{evt_source=\"" STR_FMT "\"} %s\n", f->name, STR_ARG(f->source), f->value);
	}
	clear(&all);
}

/* ---- snapshots ---- */

/* Whether one of the name was told before: copies in further sources have the source behind it. */
static bool is_told(const struct plugin_figures *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(all->list[k].name, all->list[i].name) == 0)
			return true;
	return false;
}

void metrics_tell_plugins(const struct session *s, bool empty, struct alert_fields *ret_fields)
{
	struct plugin_figures all = { 0 };

	collect(&all, s);
	for (size_t i = 0; i < all.n; i++) {
		const struct figure *f = &all.list[i];
		auto_strbuf struct strbuf name = { 0 };

		if (f->zero && !empty)
			continue;
		strbuf_addf(&name, "plugins.%s", f->name);
		if (is_told(&all, i))
			strbuf_addf(&name, "." STR_FMT, STR_ARG(f->source));
		if (name.failed)
			ret_fields->failed = true;
		else
			alert_fields_spelt(ret_fields, name.ptr, f->value);
	}
	clear(&all);
}
