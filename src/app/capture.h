/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_CAPTURE_H
#define MONITOR_APP_CAPTURE_H

#include "app/config.h"
#include "app/receivers.h"
#include "app/session.h"
#include "source/scap_write.h"
#include "source/scap_write_meta.h"

/*
 * Captures that alerts start (the configuration's block "capture", the keys capture, capture_duration,
 * capture_events and capture_filesize of rules): a file PREFIX_TIME_NUMBER.scap, which begins with what came
 * shortly before, and ends by the time of events, a number of events or its size. One is written at a time;
 * further alerts make it longer.
 *
 * What came before is kept in two parts in memory, each with a head that lists what was known when it began.
 * The newer one becomes the older one when it covers monitor.capture.before_duration or has taken half of
 * monitor.capture.before_max_mb; so between one and two times the duration is there, if it fits.
 * Zero-initialise: then there are none.
 */
struct capture {
	const struct config *config; /* NULL: none are wanted */
	struct session *session;
	struct scap_origin origin;
	uint32_t snaplen;
	bool iso_time;

	struct scap_write_meta accounts; /* machine, interfaces and users, for every head */
	struct scap_receiver own;
	struct receivers receivers;

	struct scap_writer *older, *newer;
	uint64_t newer_since; /* event time; 0 = no event yet */

	bool due; /* the event at hand starts a capture */
	struct scap_writer *file;
	struct strbuf path;
	uint64_t deadline, flushed_ts; /* event time */
	uint64_t events, last_event; /* so many came; it ends behind this one; 0 = no limit */
	uint64_t max_bytes; /* 0 = no limit */
	bool by_rule; /* the limit of size is a rule's */
	bool failed; /* told once: a full disk does not get better by being told */
	uint64_t written; /* files */
	unsigned int peer; /* of several event sources, the first is 0: makes names differ */
};

/* Whether alerts of these rules can start captures; if not, nothing needs to be recorded. */
bool capture_wanted(const struct config *c, const struct ruleset *rules);
/* Borrows all. origin: of the events that will come. */
void capture_init(struct capture *c, const struct config *config, struct session *session,
		  const struct scap_origin *origin);
/* Does that, and makes settings, of the session's pipeline, tell c of events and alerts. */
void capture_follow(struct capture *c, const struct config *config, struct session *session,
		    const struct source *source, struct pipeline_options *settings);
/* Receives metadata for both captures and next. */
const struct scap_receiver *capture_receiver(struct capture *c, const struct scap_receiver *next);
/* pipeline_options.record and .alerted; context is a struct capture. The first never fails. */
int capture_event(void *context, const struct event *ev, struct error *err);
void capture_alerted(void *context, const struct event *ev, uint32_t rule);
/* What came so far can be read from now on. */
void capture_flush(struct capture *c);
/* Ends the file that is being written; frees all. Harmless on a zeroed one. */
void capture_free(struct capture *c);

#endif
