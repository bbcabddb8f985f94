/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_RECORDING_H
#define MONITOR_APP_RECORDING_H

#include "app/options.h"
#include "app/receivers.h"
#include "plugin/host.h"
#include "source/scap_write.h"

/*
 * The capture that a command writes beside its work (-w). What cannot be written is told once; the work goes
 * on without it. Zero-initialise: then nothing is recorded.
 */
struct recording {
	struct scap_writer *writer;
	struct receivers receivers;
	/* who tell what they know before the first event; NULL = nobody, or they have. Borrowed */
	struct plugin_host *plugins;
	uint64_t flushed_ts; /* event time of the last flush */
	bool flush_due; /* an alert came */
	bool failed;
};

/* The options of a command that writes captures, as rows of options.def. */
struct recording_options {
	enum option_id write, compress, snaplen, buffers, layout;
};

/* What of these options makes no sense, before anything is begun. */
int recording_check(const struct options *o, const struct recording_options *ids, struct error *err);
/* Opens the file when the option was given; the options are good. origin: of the events that it will hold. */
int recording_open(struct recording *r, const struct options *o, const struct recording_options *ids,
		   const struct scap_origin *origin, struct error *err);
/* Receives metadata for both the recording and next; next alone when nothing is recorded. */
const struct scap_receiver *recording_receiver(struct recording *r, const struct scap_receiver *next);
/*
 * Takes a process or descriptor as events that answer needs tell it (a source_sink; context is a struct
 * recording), into the lists at the head of the capture. Before the first recording_event().
 */
int recording_list(void *context, const struct event *ev);
/* pipeline_options.record; context is a struct recording. Never fails. */
int recording_event(void *context, const struct event *ev, struct error *err);
/* pipeline_options.alerted: what caused the alert can be read as soon as it is written. */
void recording_alerted(void *context, const struct event *ev, uint32_t rule);
/* What came so far can be read from now on: before a wait. */
void recording_flush(struct recording *r);
/* Ends the file. False when not all of it could be written. */
bool recording_close(struct recording *r);

#endif
