/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>

#include "plugin/internal.h"

/* What plugins measure of themselves: asked for by the pipeline's thread, read by whichever tells it. */

/* As text, since it is only ever told. False: it is no number. */
static bool add_value(const ss_plugin_metric *m, struct strbuf *out)
{
	double real = m->value_type == SS_PLUGIN_METRIC_VALUE_TYPE_F ? (double)m->value.f : m->value.d;

	switch (m->value_type) {
	case SS_PLUGIN_METRIC_VALUE_TYPE_U32:
		strbuf_addf(out, "%" PRIu32, m->value.u32);
		return true;
	case SS_PLUGIN_METRIC_VALUE_TYPE_S32:
		strbuf_addf(out, "%" PRId32, m->value.s32);
		return true;
	case SS_PLUGIN_METRIC_VALUE_TYPE_U64:
		strbuf_addf(out, "%" PRIu64, m->value.u64);
		return true;
	case SS_PLUGIN_METRIC_VALUE_TYPE_S64:
		strbuf_addf(out, "%" PRId64, m->value.s64);
		return true;
	case SS_PLUGIN_METRIC_VALUE_TYPE_I:
		strbuf_addf(out, "%d", m->value.i);
		return true;
	case SS_PLUGIN_METRIC_VALUE_TYPE_D:
	case SS_PLUGIN_METRIC_VALUE_TYPE_F:
		if (isfinite(real))
			strbuf_addf(out, "%.15g", real);
		return isfinite(real);
	}
	return false;
}

static bool read_metric(struct plugin *p, const ss_plugin_metric *from, struct arena *arena,
			struct plugin_metric *ret_metric)
{
	auto_strbuf struct strbuf name = { 0 };
	auto_strbuf struct strbuf value = { 0 };
	size_t len = from->name ? strnlen(from->name, PLUGIN_NAME_BYTES) : 0;

	if (!len || len == PLUGIN_NAME_BYTES || !add_value(from, &value))
		return false;
	strbuf_addf(&name, STR_FMT ".%s", STR_ARG(p->view.name), from->name);
	*ret_metric = (struct plugin_metric){
		.name = arena_str(arena, strbuf_str(&name)).ptr,
		.value = arena_str(arena, strbuf_str(&value)).ptr,
		.counter = from->type == SS_PLUGIN_METRIC_TYPE_MONOTONIC,
		.zero = strcmp(value.ptr, "0") == 0 || strcmp(value.ptr, "-0") == 0,
	};
	return !name.failed && !value.failed && ret_metric->name && ret_metric->value;
}

/* Once: it will say the same the next time. */
static void tell(struct plugin *p, const char *what)
{
	if (!p->told_metrics && p->log)
		p->log(p->view.name.ptr, SS_PLUGIN_LOG_SEV_WARNING, what);
	p->told_metrics = true;
}

#define OWN_METRICS 3

/*
 * What is known here of a plugin: how far its source is, if it tells; events that it sent in vain, or could
 * not parse.
 */
static size_t own_metrics(struct plugin *p, ss_plugin_metric list[OWN_METRICS])
{
	ss_plugin_metric progress = {
		"progress_percent", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, { .d = 0 }, SS_PLUGIN_METRIC_VALUE_TYPE_D
	};
	const ss_plugin_metric counts[] = {
		{ "async_dropped", SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .u64 = atomic_load(&p->async_dropped) },
		  SS_PLUGIN_METRIC_VALUE_TYPE_U64 },
		{ "parse_failures", SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .u64 = p->parse_failures },
		  SS_PLUGIN_METRIC_VALUE_TYPE_U64 },
	};
	size_t n = 0;

	if (plugin_progress(p, &progress.value.d))
		list[n++] = progress;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i].value.u64)
			list[n++] = counts[i];
	return n;
}

static const ss_plugin_metric *get_metrics(struct plugin *p, uint32_t *ret_n)
{
	const struct plugin *before = plugin_enter(p, "get_metrics");
	const ss_plugin_metric *list = p->api.get_metrics ? p->api.get_metrics(p->state, ret_n) : NULL;

	plugin_leave(p, before);
	return list;
}

static void read_metrics(struct plugin *p, struct plugin_host *h)
{
	ss_plugin_metric own[OWN_METRICS];
	size_t owned = own_metrics(p, own);
	uint32_t n = 0;
	const ss_plugin_metric *list = get_metrics(p, &n);
	struct plugin_metric *copies;
	size_t i;

	if (n > PLUGIN_METRICS || (n && !list)) {
		tell(p, "its figures are left out: there are more than can be, or none where some are promised");
		n = 0;
	}
	copies = arena_array_of(h->measured, struct plugin_metric, n + OWN_METRICS);
	for (i = 0; copies && i < n; i++)
		if (!read_metric(p, &list[i], h->measured, &copies[i])) {
			copies[i].name = NULL;
			tell(p, "a figure without a usable name or value is left out");
		}
	for (size_t k = 0; copies && k < owned; k++)
		if (read_metric(p, &own[k], h->measured, &copies[n]))
			n++;
	p->metrics = copies;
	p->nmetrics = copies ? n : 0;
}

void plugin_host_measure(struct plugin_host *h)
{
	pthread_mutex_lock(&h->measuring);
	if (h->measured)
		arena_reset(h->measured);
	for (size_t i = 0; i < h->count; i++) {
		struct plugin *p = h->plugins[i];

		p->metrics = NULL;
		p->nmetrics = 0;
		if (!h->measured)
			h->measured = arena_new(4096);
		if (h->measured)
			read_metrics(p, h);
	}
	pthread_mutex_unlock(&h->measuring);
}

void plugin_host_metrics(struct plugin_host *h, void (*each)(void *context, const struct plugin_metric *m),
			 void *context)
{
	pthread_mutex_lock(&h->measuring);
	for (size_t i = 0; i < h->count; i++)
		for (size_t k = 0; k < h->plugins[i]->nmetrics; k++)
			if (h->plugins[i]->metrics[k].name)
				each(context, &h->plugins[i]->metrics[k]);
	pthread_mutex_unlock(&h->measuring);
}
