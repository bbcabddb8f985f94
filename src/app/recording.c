/* SPDX-License-Identifier: Apache-2.0 */
#include "app/recording.h"

#include <errno.h>

#include "app/log.h"
#include "base/parse.h"
#include "base/units.h"

/* In event time: at most so much is lost when we are killed while events come in a row. */
#define FLUSH_NS NS_PER_SECOND

static int read_options(const struct options *o, const struct recording_options *ids,
			struct scap_writer_options *ret_options, struct error *err)
{
	const enum option_id needy[] = { ids->compress, ids->snaplen, ids->buffers, ids->layout };
	const char *snaplen = options_value(o, ids->snaplen, NULL);
	int buffers = options_choice(o, ids->buffers, SCAP_BUFFERS_ALL, err);
	int layout = buffers < 0 ? buffers : options_choice(o, ids->layout, 0, err);

	if (layout < 0)
		return layout;
	if (snaplen && parse_u32(str_of(snaplen), &ret_options->snaplen) < 0)
		return error_set(err, -EINVAL, "--snaplen takes a number of bytes, not \"%s\"", snaplen);
	for (size_t i = 0; i < ARRAY_SIZE(needy); i++)
		if (options_has(o, needy[i]) && !options_has(o, ids->write))
			return error_set(err, -EINVAL, "--%s is about a capture: give --write, too",
					 option_table[needy[i]].long_name);
	ret_options->compress = options_has(o, ids->compress) ? SCAP_GZIP : SCAP_PLAIN;
	ret_options->buffers = (enum scap_buffers)buffers;
	ret_options->older_layouts = layout == 1;
	return 0;
}

int recording_check(const struct options *o, const struct recording_options *ids, struct error *err)
{
	struct scap_writer_options ignored = { 0 };

	return read_options(o, ids, &ignored, err);
}

int recording_open(struct recording *r, const struct options *o, const struct recording_options *ids,
		   const struct scap_origin *origin, struct error *err)
{
	const char *path = options_value(o, ids->write, NULL);
	struct scap_writer_options options = { .snaplen = UINT32_MAX, .origin = *origin };
	int result = path ? read_options(o, ids, &options, err) : 0;

	if (result < 0 || !path)
		return result;
	return scap_writer_open(path, &options, &r->writer, err);
}

int recording_list(void *context, const struct event *ev)
{
	struct recording *r = context;

	return r->writer ? receivers_tell(scap_writer_receiver(r->writer), ev) : 0;
}

static void give_up(struct recording *r, const struct error *err)
{
	r->failed = true;
	log_error("%s; the capture ends here", err->text);
	(void)scap_writer_close(r->writer, NULL);
	r->writer = NULL;
}

static int write_one(void *context, const struct event *ev, struct error *err)
{
	return scap_writer_event(((struct recording *)context)->writer, ev, err);
}

/* Behind the lists of processes, which the first event ends. */
static int write_state(struct recording *r, uint64_t ts, struct error *err)
{
	struct plugin_host *plugins = r->plugins;

	r->plugins = NULL;
	return plugins ? plugin_host_dump(plugins, ts, write_one, r, err) : 0;
}

int recording_event(void *context, const struct event *ev, struct error *err)
{
	struct recording *r = context;
	struct error own = { 0 };

	(void)err; /* a capture that cannot be written ends nothing else */
	if (!r->writer)
		return 0;
	if (write_state(r, ev->ts, &own) < 0 || scap_writer_event(r->writer, ev, &own) < 0) {
		give_up(r, &own);
		return 0;
	}
	if (ev->ts - r->flushed_ts >= FLUSH_NS || r->flush_due) {
		r->flushed_ts = ev->ts;
		r->flush_due = false;
		recording_flush(r);
	}
	return 0;
}

void recording_alerted(void *context, const struct event *ev, uint32_t rule)
{
	struct recording *r = context;

	(void)ev;
	(void)rule;
	r->flush_due = true;
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

static const struct scap_receiver *writer_of(void *owner)
{
	struct recording *r = owner;

	return r->writer ? scap_writer_receiver(r->writer) : NULL;
}

const struct scap_receiver *recording_receiver(struct recording *r, const struct scap_receiver *next)
{
	return r->writer ? receivers_join(&r->receivers, writer_of, r, next) : next;
}
