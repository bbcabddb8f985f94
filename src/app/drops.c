/* SPDX-License-Identifier: Apache-2.0 */
#include "app/drops.h"

#include <inttypes.h>

#include "app/internal_alert.h"
#include "app/log.h"
#include "base/units.h"

static const char rule[] = "Falco internal: syscall event drop";

/*
 * What Falco's alert carries, in the order of its JSON. Kernel buffers, maps and page faults are drivers'; we
 * have none.
 */
static const char *const fields[] = {
	"ebpf_enabled",
	"n_drops",
	"n_drops_buffer_clone_fork_exit",
	"n_drops_buffer_close_exit",
	"n_drops_buffer_connect_exit",
	"n_drops_buffer_dir_file_exit",
	"n_drops_buffer_execve_exit",
	"n_drops_buffer_open_exit",
	"n_drops_buffer_other_interest_exit",
	"n_drops_buffer_proc_exit",
	"n_drops_buffer_total",
	"n_drops_bug",
	"n_drops_page_faults",
	"n_drops_scratch_map",
	"n_evts",
};

static bool claim_token(struct drops *d, uint64_t now)
{
	const struct config *c = d->config;

	if (!d->refilled)
		d->tokens = c->syscall_event_drops_max_burst;
	else if (now > d->refilled)
		d->tokens += c->syscall_event_drops_rate * (double)(now - d->refilled) / (double)NS_PER_SECOND;
	if (d->tokens > c->syscall_event_drops_max_burst)
		d->tokens = c->syscall_event_drops_max_burst;
	d->refilled = now;
	if (d->tokens < 1)
		return false;
	d->tokens--;
	return true;
}

static void raise_alert(const struct drops *d, struct session *s, uint64_t now, uint64_t events, uint64_t dropped)
{
	auto_strbuf struct strbuf message = { 0 };
	auto_alert_fields struct alert_fields values = { 0 };

	strbuf_addf(&message, "%s. %" PRIu64 " system calls dropped in last second.", rule, dropped);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint64_t n = strcmp(fields[i], "n_drops") == 0 ? dropped :
			     strcmp(fields[i], "n_evts") == 0  ? events :
								 0;
		char text[24];

		snprintf(text, sizeof(text), "%" PRIu64, n); /* numbers are texts there */
		alert_fields_text(&values, fields[i], str_of(text));
	}
	internal_alert_raise(s, d->config->time_format_iso_8601,
			     &(struct internal_alert){ now, PRIORITY_DEBUG, rule, &message, &values });
}

static int act(struct drops *d, struct session *s, uint64_t now, uint64_t events, uint64_t dropped, struct error *err)
{
	struct str action;
	int r = 0;

	for (size_t i = 0; config_item(d->config->syscall_event_drops_actions, i, &action); i++) {
		if (str_eq(action, STR("log")))
			log_warning("%s. %" PRIu64 " system calls dropped in last second.", rule, dropped);
		else if (str_eq(action, STR("alert")))
			raise_alert(d, s, now, events, dropped);
		else if (str_eq(action, STR("exit")))
			r = error_set(err, -ECANCELED, "%s. %" PRIu64 " system calls dropped in last second. Exiting.",
				      rule, dropped);
	}
	return r;
}

static int look(struct drops *d, struct session *s, uint64_t now, struct error *err)
{
	bool simulated = d->config->syscall_event_drops_simulate_drops;
	double threshold = simulated ? 0 : d->config->syscall_event_drops_threshold;
	struct source_stats stats = { 0 };
	uint64_t events, dropped;

	if (s->source->ops->stats)
		s->source->ops->stats(s->source, &stats);
	dropped = stats.dropped - d->last.dropped;
	events = stats.events - d->last.events + dropped; /* the lost ones are part of all */
	d->last = stats;
	if (simulated) {
		log_info("Simulating syscall event drop");
		dropped++;
		events += !events;
	}
	if (!dropped || (double)dropped <= threshold * (double)events || !claim_token(d, now))
		return 0;
	return act(d, s, now, events, dropped, err);
}

void drops_follow(struct drops *d, const struct config *config)
{
	bool acts = config && config->syscall_event_drops_simulate_drops;
	struct str action;

	for (size_t i = 0; config && config_item(config->syscall_event_drops_actions, i, &action); i++)
		acts |= !str_eq(action, STR("ignore"));
	d->config = acts ? config : NULL;
}

int drops_look(struct drops *d, struct session *s, struct error *err)
{
	uint64_t now = pipeline_time(s->pipeline);
	bool first = !d->next_look;

	if (!d->config || !now || now < d->next_look)
		return 0;
	d->next_look = now + NS_PER_SECOND;
	return first ? 0 : look(d, s, now, err);
}
