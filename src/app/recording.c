/* SPDX-License-Identifier: Apache-2.0 */
#include "app/recording.h"

#include <errno.h>

#include "app/log.h"
#include "base/parse.h"
#include "state/records.h"

/* In event time: at most so much is lost when we are killed while events come in a row. */
#define FLUSH_NS UINT64_C(1000000000)

int recording_open(struct recording *r, const struct options *o, const struct recording_options *ids, const struct scap_origin *origin,
		   struct error *err)
{
	const char *path = options_value(o, ids->write, NULL), *snaplen = options_value(o, ids->snaplen, NULL);
	struct scap_writer_options options = { .compress = options_has(o, ids->compress), .snaplen = UINT32_MAX, .origin = *origin };

	if (snaplen && parse_u32(str_of(snaplen), &options.snaplen) < 0)
		return error_set(err, -EINVAL, "--snaplen takes a number of bytes, not \"%s\"", snaplen);
	if (!path)
		return 0;
	return scap_writer_open(path, &options, &r->writer, err);
}

/* A file's list entry counts from the process, not the thread that the events have in their header. */
int recording_list(void *context, const struct event *ev)
{
	struct recording *r = context;
	const struct scap_receiver *w = r->writer ? scap_writer_receiver(r->writer) : NULL;

	if (!w)
		return 0;
	if (ev->type == EV_ITER_TASK_E) {
		const struct process_record p = records_read_task(ev);

		return w->process(w->context, &p);
	}
	if (ev->info->category & EC_ITER) {
		const struct fd_record fd = records_read_file(ev);

		return w->fd(w->context, ev->tid & UINT32_MAX, &fd);
	}
	return 0;
}

static void give_up(struct recording *r, const struct error *err)
{
	r->failed = true;
	log_error("%s; the capture ends here", err->text);
	(void)scap_writer_close(r->writer, NULL);
	r->writer = NULL;
}

int recording_event(void *context, const struct event *ev, struct error *err)
{
	struct recording *r = context;
	struct error own = { 0 };

	(void)err; /* a capture that cannot be written ends nothing else */
	if (!r->writer)
		return 0;
	if (scap_writer_event(r->writer, ev, &own) < 0) {
		give_up(r, &own);
		return 0;
	}
	if (ev->ts - r->flushed_ts >= FLUSH_NS) {
		r->flushed_ts = ev->ts;
		recording_flush(r);
	}
	return 0;
}

void recording_flush(struct recording *r)
{
	struct error err = { 0 };

	if (r->writer && scap_writer_flush(r->writer, &err) < 0)
		give_up(r, &err);
}

bool recording_close(struct recording *r)
{
	struct error err = { 0 };

	if (r->writer && scap_writer_close(r->writer, &err) < 0) {
		r->failed = true;
		log_error("%s", err.text);
	}
	r->writer = NULL;
	return !r->failed;
}

/* ---- metadata for two ---- */

static void tee_machine(void *context, const struct machine_record *m)
{
	struct recording *r = context;
	const struct scap_receiver *w = scap_writer_receiver(r->writer);

	if (w->machine)
		w->machine(w->context, m);
	r->next->machine(r->next->context, m);
}

/* The writer's copy may be missed: what is judged matters more, and the writer tells of it at its first event. */
static int tee_process(void *context, const struct process_record *p)
{
	struct recording *r = context;
	const struct scap_receiver *w = scap_writer_receiver(r->writer);

	if (w->process)
		(void)w->process(w->context, p);
	return r->next->process(r->next->context, p);
}

static int tee_fd(void *context, int64_t tid, const struct fd_record *fd)
{
	struct recording *r = context;
	const struct scap_receiver *w = scap_writer_receiver(r->writer);

	if (w->fd)
		(void)w->fd(w->context, tid, fd);
	return r->next->fd(r->next->context, tid, fd);
}

static int tee_user(void *context, uint32_t uid, uint32_t gid, struct str name, struct str home, struct str shell)
{
	struct recording *r = context;
	const struct scap_receiver *w = scap_writer_receiver(r->writer);

	if (w->user)
		(void)w->user(w->context, uid, gid, name, home, shell);
	return r->next->user(r->next->context, uid, gid, name, home, shell);
}

static int tee_group(void *context, uint32_t gid, struct str name)
{
	struct recording *r = context;
	const struct scap_receiver *w = scap_writer_receiver(r->writer);

	if (w->group)
		(void)w->group(w->context, gid, name);
	return r->next->group(r->next->context, gid, name);
}

static int tee_interface(void *context, const struct interface_record *i)
{
	struct recording *r = context;
	const struct scap_receiver *w = scap_writer_receiver(r->writer);

	if (w->interface)
		(void)w->interface(w->context, i);
	return r->next->interface(r->next->context, i);
}

const struct scap_receiver *recording_receiver(struct recording *r, const struct scap_receiver *next)
{
	if (!r->writer)
		return next;
	r->next = next;
	r->receiver = (struct scap_receiver){
		.context = r,
		.machine = tee_machine,
		.process = tee_process,
		.fd = tee_fd,
		.user = tee_user,
		.group = tee_group,
		.interface = tee_interface,
	};
	return &r->receiver;
}
