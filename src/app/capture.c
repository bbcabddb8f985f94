/* SPDX-License-Identifier: Apache-2.0 */
#include "app/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "app/internal_alert.h"
#include "app/log.h"
#include "base/units.h"
#include "event/event_wire.h"

#define FLUSH_NS NS_PER_SECOND /* in event time: at most so much is lost when we are killed */
#define MIB	 (UINT64_C(1) << 20)
#define KIB	 UINT64_C(1024)
#define MS	 UINT64_C(1000000)

static bool captures_all(const struct config *config)
{
	return str_eq(config->capture_mode, STR("all_rules"));
}

bool capture_wanted(const struct config *config, const struct ruleset *rules)
{
	if (!config || !config->capture_enabled)
		return false;
	if (captures_all(config))
		return true;
	for (uint32_t i = 0; i < ruleset_count(rules); i++) {
		struct rule_capture rule;

		ruleset_capture(rules, i, &rule);
		if (rule.on)
			return true;
	}
	return false;
}

static void fail(struct capture *c, const struct error *err)
{
	if (!c->failed)
		log_error("capture: %s", err->text);
	c->failed = true;
}

/* ---- heads --------------------------------------------------------------------------------------------- */

/* Where the lists of the state go. */
struct listing {
	struct scap_writer *writer;
	uint64_t ts;
	struct error *err;
};

static int list_process(void *context, const struct process_record *p)
{
	const struct scap_receiver *to = scap_writer_receiver(((struct listing *)context)->writer);

	return to->process(to->context, p);
}

static int list_fd(void *context, int64_t tid, const struct fd_record *fd)
{
	const struct scap_receiver *to = scap_writer_receiver(((struct listing *)context)->writer);

	return to->fd(to->context, tid, fd);
}

/* Containers have no list in the format: each is an event, for the tables alone. */
static int list_container(void *context, struct str json)
{
	struct listing *l = context;
	struct event_builder b = { 0 };
	struct event ev;
	int r;

	event_begin(&b, EV_CONTAINER_JSON_2_E, l->ts, -1);
	event_put_text(&b, json);
	r = event_end(&b, &ev, l->err);
	if (r == 0) {
		ev.flags = EVENT_FLAG_STATE_ONLY;
		r = scap_writer_event(l->writer, &ev, l->err);
	}
	event_builder_free(&b);
	return r;
}

/* What plugins know. */
static int list_event(void *context, const struct event *ev, struct error *err)
{
	return scap_writer_event(((struct listing *)context)->writer, ev, err);
}

/* Processes and descriptors first: the first event ends the head. */
static int write_head(struct capture *c, struct scap_writer *w, uint64_t ts, struct error *err)
{
	struct listing l = { w, ts, err };
	const struct state_lister lists = { .context = &l, .process = list_process, .fd = list_fd };
	const struct state_lister containers = { .context = &l, .container = list_container };
	int r = scap_writer_take_head(w, &c->accounts);

	if (r == 0)
		r = pipeline_list(c->session->pipeline, &lists);
	if (r == 0)
		r = pipeline_list(c->session->pipeline, &containers);
	if (r == 0 && c->session->plugins)
		r = plugin_host_dump(c->session->plugins, ts, list_event, &l, err);
	return r < 0 && !err->code ? error_errno(err, r, "cannot list processes") : r;
}

static struct scap_writer_options writer_options(const struct capture *c)
{
	return (struct scap_writer_options){
		.compress = SCAP_GZIP_FAST,
		.create_only = true,
		.snaplen = c->snaplen,
		.origin = c->origin,
	};
}

/* ---- what came before ---------------------------------------------------------------------------------- */

static void drop(struct scap_writer **w)
{
	(void)scap_writer_close(*w, NULL);
	*w = NULL;
}

static int begin_part(struct capture *c, uint64_t ts, struct error *err)
{
	const struct scap_writer_options options = writer_options(c);
	int r;

	drop(&c->older);
	c->older = c->newer;
	c->newer = NULL;
	r = scap_writer_open_memory(&options, &c->newer, err);
	if (r == 0)
		r = write_head(c, c->newer, ts, err);
	c->newer_since = ts;
	return r;
}

/* Memory for events, and for heads as long as they do not take more than that. */
static bool is_full(const struct capture *c, uint64_t ts)
{
	size_t all = scap_writer_bytes(c->newer, true).len, events = scap_writer_bytes(c->newer, false).len,
	       head = all - events;
	uint64_t half = c->config->monitor_capture_before_max_mb * MIB / 2;

	return ts - c->newer_since >= c->config->monitor_capture_before_duration * MS ||
	       (events >= half && events >= head);
}

/* The state has taken the event at hand already, so a part begins behind it. */
static int keep(struct capture *c, const struct event *ev, struct error *err)
{
	bool shown = !(ev->flags & EVENT_FLAG_STATE_ONLY);
	int r;

	if (!c->config->monitor_capture_before_duration || !c->config->monitor_capture_before_max_mb)
		return 0;
	r = c->newer ? 0 : begin_part(c, ev->ts, err);
	if (r == 0)
		r = scap_writer_event(c->newer, ev, err);
	/* answers belong to the event that comes */
	if (r == 0 && shown && ev->ts > c->newer_since && is_full(c, ev->ts))
		r = begin_part(c, ev->ts, err);
	return r;
}

static int append_part(struct capture *c, const struct scap_writer *part, bool with_head, struct error *err)
{
	struct scap_writer_stats stats;

	scap_writer_stats(part, &stats);
	return scap_writer_append(c->file, scap_writer_bytes(part, with_head), stats.events, err);
}

static int write_before(struct capture *c, uint64_t ts, struct error *err)
{
	int r;

	if (!c->newer)
		return write_head(c, c->file, ts, err);
	r = c->older ? append_part(c, c->older, true, err) : 0;
	if (r == 0)
		r = append_part(c, c->newer, !c->older, err);
	drop(&c->older);
	drop(&c->newer);
	return r;
}

/* ---- files --------------------------------------------------------------------------------------------- */

/*
 * The name tells time and number of the event that started it, so that files sort. A folder may be
 * everybody's, like /tmp.
 */
static int open_file(struct capture *c, const struct event *ev, struct error *err)
{
	const struct scap_writer_options options = writer_options(c);
	int r;

	strbuf_reset(&c->path);
	strbuf_addf(&c->path, STR_FMT "_%020" PRIu64 "_%020" PRIu64, STR_ARG(c->config->capture_path_prefix), ev->ts,
		    ev->number);
	if (c->peer)
		strbuf_addf(&c->path, "_%u", c->peer);
	strbuf_adds(&c->path, ".scap");
	if (c->path.failed)
		return error_set(err, -ENOMEM, "out of memory");
	r = scap_writer_open(c->path.ptr, &options, &c->file, err);
	/* of an earlier replay of the same events, or a trap: a new file takes the name */
	if (r == -EEXIST && unlink(c->path.ptr) == 0)
		r = scap_writer_open(c->path.ptr, &options, &c->file, err);
	return r;
}

static void end_file(struct capture *c)
{
	struct error err = { 0 };

	if (!c->file)
		return;
	if (scap_writer_close(c->file, &err) < 0)
		fail(c, &err);
	else
		log_info("capture: %s has %" PRIu64 " event%s from the alert on", c->path.ptr, c->events,
			 str_plural(c->events));
	c->file = NULL;
	c->written++;
}

static void tell_size(const struct capture *c, uint64_t bytes)
{
	auto_strbuf struct strbuf message = { 0 };
	auto_alert_fields struct alert_fields fields = { 0 };
	static const char rule[] = "Falco internal: capture size limit reached";
	uint64_t mb = c->config->capture_max_file_size_mb;

	strbuf_addf(&message, "%s. Configured limit: %" PRIu64 " MB.", rule, mb);
	alert_fields_number(&fields, "max_file_size_mb", mb);
	alert_fields_number(&fields, "written_bytes", bytes);
	internal_alert_raise(c->session, c->iso_time, &(struct internal_alert){
							     .ts = pipeline_time(c->session->pipeline),
							     .priority = PRIORITY_INFORMATIONAL,
							     .rule = rule,
							     .message = &message,
							     .fields = &fields,
						     });
}

static bool reaches(uint64_t bytes, uint64_t limit)
{
	return limit && bytes >= limit;
}

static void look_at_limits(struct capture *c, const struct event *ev)
{
	struct scap_writer_stats stats;

	scap_writer_stats(c->file, &stats);
	if (ev->ts >= c->deadline || reaches(c->events, c->last_event) || reaches(stats.bytes, c->max_bytes)) {
		end_file(c);
	} else if (reaches(stats.bytes, c->config->capture_max_file_size_mb * MIB)) {
		end_file(c);
		tell_size(c, stats.bytes);
	}
}

static int write_event(struct capture *c, const struct event *ev, struct error *err)
{
	int r = scap_writer_event(c->file, ev, err);

	if (r < 0 || ev->flags & EVENT_FLAG_STATE_ONLY)
		return r;
	c->events++;
	if (ev->ts - c->flushed_ts >= FLUSH_NS || c->due) {
		c->flushed_ts = ev->ts;
		r = scap_writer_flush(c->file, err);
	}
	c->due = false;
	if (r == 0)
		look_at_limits(c, ev);
	return r;
}

/* ---- the pipeline's side ------------------------------------------------------------------------------- */

int capture_event(void *context, const struct event *ev, struct error *err)
{
	struct capture *c = context;
	struct error own = { 0 };
	int r = 0;

	(void)err; /* a capture that cannot be written ends nothing else */
	if (c->due && !c->file) {
		r = open_file(c, ev, &own);
		if (r == 0)
			r = write_before(c, ev->ts, &own);
	}
	if (r == 0)
		r = c->file ? write_event(c, ev, &own) : keep(c, ev, &own);
	if (r < 0) {
		fail(c, &own);
		drop(&c->file);
		c->due = false;
	}
	return 0;
}

static void extend(uint64_t *limit, uint64_t wanted)
{
	if (wanted > *limit)
		*limit = wanted;
}

/* As in Falco, any alert makes a capture that is being written longer, and only some start one. */
void capture_alerted(void *context, const struct event *ev, uint32_t rule)
{
	struct capture *c = context;
	struct rule_capture said;
	bool starts;

	ruleset_capture(c->session->rules, rule, &said);
	starts = said.on || captures_all(c->config);
	if (!starts && !c->file && !c->due)
		return;
	if (!c->file && !c->due)
		c->deadline = c->events = c->last_event = c->max_bytes = 0;
	c->due = c->due || starts;
	extend(&c->deadline, ev->ts + (said.duration_ms ? said.duration_ms : c->config->capture_default_duration) * MS);
	if (starts && said.events)
		extend(&c->last_event, c->events + said.events);
	if (starts && said.size_kib)
		extend(&c->max_bytes, said.size_kib * KIB);
}

void capture_flush(struct capture *c)
{
	struct error err = { 0 };

	if (c->file && scap_writer_flush(c->file, &err) < 0) {
		fail(c, &err);
		drop(&c->file);
	}
}

/* ---- life ---------------------------------------------------------------------------------------------- */

void capture_init(struct capture *c, const struct config *config, struct session *session,
		  const struct scap_origin *origin)
{
	*c = (struct capture){
		.config = config,
		.session = session,
		.origin = *origin,
		.snaplen = UINT32_MAX,
		.iso_time = config->time_format_iso_8601,
	};
	c->origin.known_fds = true;
	scap_write_meta_receive(&c->accounts, &c->own);
	c->own.process = NULL; /* the state has them, as they are when a head is written */
	c->own.fd = NULL;
}

void capture_follow(struct capture *c, const struct config *config, struct session *session,
		    const struct source *source, struct pipeline_options *settings)
{
	capture_init(c, config, session,
		     &(struct scap_origin){ .traits = source->traits, .container = source->container });
	settings->record = capture_event;
	settings->alerted = capture_alerted;
	settings->record_context = c;
}

static const struct scap_receiver *accounts_of(void *owner)
{
	return &((struct capture *)owner)->own;
}

const struct scap_receiver *capture_receiver(struct capture *c, const struct scap_receiver *next)
{
	return c->config ? receivers_join(&c->receivers, accounts_of, c, next) : next;
}

void capture_free(struct capture *c)
{
	if (!c->config)
		return;
	end_file(c);
	drop(&c->older);
	drop(&c->newer);
	scap_write_meta_free(&c->accounts);
	strbuf_free(&c->path);
	*c = (struct capture){ 0 };
}
