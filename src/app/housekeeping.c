/* SPDX-License-Identifier: Apache-2.0 */
#include "app/housekeeping.h"

#include "app/internal_alert.h"
#include "app/log.h"
#include "app/sandbox.h"
#include "app/service.h"
#include "base/clock.h"

#define LOOK_MS 200 /* between looks at what goes on by itself */

static const char *kind(const struct housekeeping *h)
{
	return h->kind ? h->kind : "alert";
}

/* Once is enough while it goes on; the count comes at the end. */
static void tell_loss(struct housekeeping *h)
{
	struct pipeline_stats stats;

	pipeline_stats(h->session->pipeline, &stats);
	if (!stats.outputs_failed || !stats.output_error.code || h->told_loss)
		return;
	h->told_loss = true;
	log_error("an %s was lost: %s", kind(h), stats.output_error.text);
}

/* Once is enough for each look: nobody knows how often an attacker tries. */
static void tell_refused(struct housekeeping *h)
{
	struct session *s = h->session;
	auto_strbuf struct strbuf message = { 0 };
	auto_alert_fields struct alert_fields fields = { 0 };
	const char *call;
	uint64_t n = sandbox_refused(&call);

	if (n == h->told_refused)
		return;
	h->told_refused = n;
	strbuf_addf(&message, "The monitor's sandbox refused a system call of the monitor itself (%s)",
		    call ? call : "unknown");
	log_error("%s: a fault of the monitor, or an attack on it; %llu so far",
		  message.ptr ? message.ptr : "out of memory", (unsigned long long)n);
	alert_fields_number(&fields, "monitor.calls_refused", n);
	alert_fields_text(&fields, "monitor.call", str_of(call ? call : "unknown"));
	internal_alert_raise(s, s->config && s->config->time_format_iso_8601,
			     &(struct internal_alert){ clock_ns(CLOCK_REALTIME), PRIORITY_CRITICAL,
						       "System call of the monitor refused", &message, &fields });
}

static void look(struct housekeeping *h)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC_COARSE);

	if (now < h->next_look)
		return;
	h->next_look = now + LOOK_MS;
	service_alive();
	tell_refused(h);
	if (h->reload)
		reload_look(h->reload);
	if (h->exporters)
		exporters_look(h->exporters, h->session);
	output_list_check(&h->session->outputs);
}

void housekeeping_look(struct housekeeping *h)
{
	look(h);
	if (!h->told_loss && output_list_lost(&h->session->outputs))
		tell_loss(h);
}

void housekeeping_reopen(struct housekeeping *h)
{
	if (h->exporters)
		exporters_reopen(h->exporters);
	output_list_reopen(&h->session->outputs);
	log_info("SIGUSR1: the files of outputs are opened again");
}

void housekeeping_finish(struct housekeeping *h)
{
	struct session *s = h->session;
	struct source_stats source = { 0 };
	struct pipeline_stats stats;

	if (!s->pipeline)
		return;
	h->reload = NULL; /* it is too late for other rules */
	pipeline_flush(s->pipeline);
	output_list_drain(&s->outputs);
	h->next_look = 0;
	look(h);
	tell_loss(h);
	pipeline_stats(s->pipeline, &stats);
	if (stats.outputs_failed > (h->told_loss ? 1 : 0))
		log_error("%llu %s%s lost in all", (unsigned long long)stats.outputs_failed, kind(h),
			  stats.outputs_failed == 1 ? " was" : "s were");
	if (stats.threads_dropped || stats.fds_dropped)
		log_warning("%llu thread%s and %llu descriptor%s found no room in the tables",
			    (unsigned long long)stats.threads_dropped, str_plural(stats.threads_dropped),
			    (unsigned long long)stats.fds_dropped, str_plural(stats.fds_dropped));
	if (stats.unanswered)
		log_warning("%llu question%s of rules %s beyond the limit of one event and taken for absent",
			    (unsigned long long)stats.unanswered, str_plural(stats.unanswered),
			    stats.unanswered == 1 ? "was" : "were");
	if (s->source->ops->stats)
		s->source->ops->stats(s->source, &source);
	if (source.dropped)
		log_warning("%llu event%s could not be seen", (unsigned long long)source.dropped,
			    str_plural(source.dropped));
}
