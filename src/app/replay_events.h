/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_REPLAY_EVENTS_H
#define MONITOR_APP_REPLAY_EVENTS_H

#include "app/answers.h"
#include "app/options.h"
#include "app/pipeline.h"
#include "app/recording.h"
#include "field/format.h"
#include "rule/event_filter.h"

/* What `monitor replay` does with single events: filter, print, limit, write. Zero-initialise. */
struct replay_events {
	struct event_filter *filter;
	struct format *format; /* NULL: rules are applied */
	struct format_members members;
	bool json;
	struct output *output; /* where printed events go; borrowed */
	uint64_t limit, max_ns; /* 0 = none */
	uint64_t passed, first_ts;
	bool done; /* a limit was reached */
	bool kept; /* the event at hand passed the filter */
	bool failed; /* an event could not be printed */
	/*
	 * an answer about a descriptor holds for the next event alone: the source does not report descriptors
	 */
	bool brief_answers;
	struct answers held; /* such ones, for the event that comes */
	struct strbuf line;
	struct recording recording;
};

/* How many and how long; then what is to be shown, with fields that plugins may add. */
int replay_events_read_limits(struct replay_events *e, const struct options *o, struct error *err);
int replay_events_read(struct replay_events *e, const struct options *o, const struct field_options *fields,
		       struct error *err);
/* pipeline_options.inspect and .record; context is a struct replay_events */
bool replay_events_inspect(void *context, struct field_context *ctx);
int replay_events_record(void *context, const struct event *ev, struct error *err);
void replay_events_free(struct replay_events *e);

#endif
