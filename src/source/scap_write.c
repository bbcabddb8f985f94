/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_write.h"

#include <errno.h>
#include <fcntl.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/limits.h"
#include "event/event_wire.h"
#include "event/ext.h"
#include "source/scap_meta.h"
#include "source/scap_shorten.h"
#include "source/scap_tasks.h"
#include "source/scap_told.h"
#include "source/scap_write_meta.h"

#define BUFFER_BYTES (256 << 10) /* written at once */
#define OUTPUT_BYTES (64 << 10) /* compressed bytes on their way */
#define HEAD_BYTES   (8 + 6) /* type, length, cpu, flags */
#define TAIL_BYTES   (3 + 4) /* padding, length */

struct scap_writer {
	int fd;
	struct scap_writer_options options;
	struct scap_write_meta meta;
	struct scap_receiver receiver;
	bool started; /* the metadata is written */
	bool compressing; /* z is to be ended */
	int failed; /* the error that ended it; nothing may follow a cut block */
	bool shortens; /* some buffer may be too long */
	bool in_memory; /* the buffer is all there is */
	uint8_t *buffer;
	size_t len, cap;
	size_t head; /* in memory: bytes before the first event */
	z_stream z;
	uint8_t *output;
	struct event_builder ext;
	struct scap_told *told; /* what need not be written; NULL = everything is */
	struct scap_tasks *tasks; /* likewise, of the list of processes */
	bool begun; /* the memory is the reader's, too */
	struct strbuf waiting; /* an answer, for the event that comes; wire form */
	/*
	 * the descriptor of the last answer that was written as an event, for the event that comes; -1 = none
	 */
	int64_t asked;
	struct scap_shorten shorten;
	struct scap_writer_stats stats;
};

/* ---- bytes ---- */

static int write_out(struct scap_writer *w, const uint8_t *bytes, size_t len)
{
	int r = file_write_all(w->fd, bytes, len);

	if (r == 0)
		w->stats.bytes += len;
	return r;
}

/* flush: Z_NO_FLUSH, Z_SYNC_FLUSH for all that was written to be in the file, Z_FINISH at its end. */
static int deflate_out(struct scap_writer *w, const uint8_t *bytes, size_t len, int flush)
{
	int r = 0;

	w->z.next_in = (uint8_t *)bytes;
	w->z.avail_in = (unsigned int)len;
	do {
		w->z.next_out = w->output;
		w->z.avail_out = OUTPUT_BYTES;
		if (deflate(&w->z, flush) == Z_STREAM_ERROR)
			return -EIO;
		r = write_out(w, w->output, OUTPUT_BYTES - w->z.avail_out);
	} while (r == 0 && !w->z.avail_out);
	return r;
}

static int drain(struct scap_writer *w, int flush, struct error *err)
{
	int r;

	if (w->failed)
		return error_errno(err, w->failed, "cannot write the capture");
	if (w->in_memory || (!w->len && flush == Z_NO_FLUSH))
		return 0;
	r = w->compressing ? deflate_out(w, w->buffer, w->len, flush) : write_out(w, w->buffer, w->len);
	w->len = 0;
	if (r < 0) {
		w->failed = r;
		return error_errno(err, r, "cannot write the capture");
	}
	return 0;
}

/* Room for a block in one piece; larger ones than the buffer make it grow. */
static int make_room(struct scap_writer *w, size_t len, struct error *err)
{
	size_t cap = w->cap;
	uint8_t *larger;
	int r;

	if (len <= w->cap - w->len)
		return 0;
	r = drain(w, Z_NO_FLUSH, err);
	if (r < 0 || len <= w->cap - w->len)
		return r;
	while (len > cap - w->len)
		cap *= 2;
	larger = realloc(w->buffer, cap);
	if (!larger)
		return error_set(err, -ENOMEM, "out of memory");
	w->buffer = larger;
	w->cap = cap;
	return 0;
}

static int start(struct scap_writer *w, struct error *err)
{
	const struct strbuf *list = &w->meta.processes;
	auto_strbuf struct strbuf out = { 0 };
	int r = w->tasks && list->len ?
			scap_tasks_list(w->tasks, SCAP_PROCESSES, (const uint8_t *)list->ptr, list->len, 0, err) :
			0;

	if (r < 0)
		return r;
	r = scap_write_meta_finish(&w->meta, &w->options.origin, &out);
	if (r == 0)
		r = make_room(w, out.len, err);
	else
		error_set(err, r, "out of memory");
	if (r < 0)
		return r;
	memcpy(w->buffer + w->len, out.ptr, out.len);
	w->len += out.len;
	w->head = w->len;
	w->started = true;
	scap_write_meta_free(&w->meta);
	w->meta = (struct scap_write_meta){ 0 };
	w->receiver = (struct scap_receiver){ 0 };
	return 0;
}

/* ---- events ---- */

static inline int put_event(struct scap_writer *w, const struct event *ev, const uint8_t *bytes, uint32_t len,
			    uint32_t notes, struct error *err)
{
	uint32_t flags = (ev->flags & EVENT_FLAG_STATE_ONLY) | notes | (w->told && !w->begun ? SCAP_NOTE_FORGET : 0);
	uint32_t padding, total, head = flags ? 6 : 2, type;
	bool large = ev->info->flags & EF_LARGE_PAYLOAD;
	uint8_t *at;
	int r = make_room(w, (size_t)len + HEAD_BYTES + TAIL_BYTES, err);

	if (r < 0)
		return r;
	if (large)
		type = flags ? SCAP_EVENT_FLAGS_V2_LARGE : SCAP_EVENT_V2_LARGE;
	else
		type = flags ? SCAP_EVENT_FLAGS_V2 : SCAP_EVENT_V2;
	padding = -(len + head) & 3;
	total = 8 + head + len + padding + 4;
	at = w->buffer + w->len;
	memcpy(at, &type, 4);
	memcpy(at + 4, &total, 4);
	memcpy(at + 8, &ev->cpu, 2);
	if (flags)
		memcpy(at + 10, &flags, 4);
	memcpy(at + 8 + head, bytes, len);
	memset(at + 8 + head + len, 0, padding);
	memcpy(at + total - 4, &total, 4);
	w->len += total;
	w->begun = true;
	return 0;
}

static int put_ext(struct scap_writer *w, const struct event *ev, struct error *err)
{
	struct event record;
	int r = ext_encode(ev->ext, ev->ts, ev->tid, &w->ext, &record, err);

	if (r < 0)
		return r;
	record.cpu = ev->cpu;
	record.flags = EVENT_FLAG_STATE_ONLY; /* readers that do not know it neither show nor count it */
	return put_event(w, &record, record.bytes, record.len, 0, err);
}

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

/* The answer that waits, as an event of its own. */
static int put_waiting(struct scap_writer *w, struct error *err)
{
	struct event answer;
	int r;

	if (!w->waiting.len)
		return 0;
	r = event_read(&answer, w->waiting.ptr, w->waiting.len, err);
	answer.flags = EVENT_FLAG_STATE_ONLY;
	if (r == 0)
		r = put_event(w, &answer, answer.bytes, answer.len, 0, err);
	if (r < 0)
		return r;
	strbuf_reset(&w->waiting);
	w->asked = event_param_int(&answer, 0);
	return scap_told_add_answer(w->told, &answer, true) < 0 ? no_memory(err) : 0;
}

static int hold(struct scap_writer *w, const struct event *ev, struct error *err)
{
	int r = put_waiting(w, err);

	strbuf_add(&w->waiting, ev->bytes, ev->len);
	return r < 0 ? r : w->waiting.failed ? no_memory(err) : 0;
}

/* What is known of ev's answer: a note on ev stands for it, or it goes before it. */
static int note_answer(struct scap_writer *w, const struct event *ev, uint32_t *note, struct error *err)
{
	struct event answer;
	int r;

	if (w->asked < 0 && !w->waiting.len) {
		(void)scap_told_find_answer(w->told, ev, NULL, note);
		return 0;
	}
	if (w->asked >= 0)
		return put_waiting(w, err);
	r = event_read(&answer, w->waiting.ptr, w->waiting.len, err);
	if (r < 0)
		return r;
	if (!scap_told_find_answer(w->told, ev, &answer, note))
		return put_waiting(w, err);
	w->asked = event_param_int(&answer, 0);
	r = scap_told_add_answer(w->told, &answer, false);
	strbuf_reset(&w->waiting);
	return r < 0 ? no_memory(err) : 0;
}

/* Writes what goes before ev, and notes what need not. */
static int note(struct scap_writer *w, const struct event *ev, uint32_t *ret_flags, struct error *err)
{
	uint32_t usual = scap_told_note(w->told, ev, SCAP_NOTE_USUAL), note = usual;
	int r = note_answer(w, ev, &note, err);

	if (r == 0 && !scap_told_find_facts(w->told, ev, &note))
		r = put_ext(w, ev, err);
	if (r < 0)
		return r;
	*ret_flags = note == usual ? SCAP_NOTE_USUAL : note;
	r = scap_told_add(w->told, ev, w->asked, *ret_flags);
	w->asked = -1;
	return r < 0 ? no_memory(err) : 0;
}

int scap_writer_event(struct scap_writer *w, const struct event *ev, struct error *err)
{
	const uint8_t *bytes = ev->bytes;
	uint32_t len = ev->len, notes = 0;
	struct event record;
	int r = 0;

	if (!w->started)
		r = start(w, err);
	if (r == 0 && w->told && scap_told_holds(ev)) {
		r = hold(w, ev, err);
		w->stats.events += r == 0;
		return r;
	}
	if (r == 0 && w->told)
		r = note(w, ev, &notes, err);
	else if (r == 0 && ev->ext)
		r = put_ext(w, ev, err);
	if (r == 0 && w->shortens)
		r = scap_shorten_buffer(&w->shorten, ev, &bytes, &len, err);
	if (r == 0 && w->options.older_layouts)
		r = scap_shorten_layout(&w->shorten, ev, &bytes, &len, err);
	if (r == 0 && w->tasks && ev->type == EV_ITER_TASK_E)
		r = scap_tasks_shorten(w->tasks, ev, &record, err);
	if (r == 1)
		r = put_event(w, &record, record.bytes, record.len, notes, err);
	else if (r == 0)
		r = put_event(w, ev, bytes, len, notes, err);
	w->stats.events += r == 0;
	return r;
}

struct str scap_writer_bytes(const struct scap_writer *w, bool with_head)
{
	size_t from = with_head ? 0 : w->head;

	return (struct str){ (const char *)w->buffer + from, w->len - from };
}

int scap_writer_append(struct scap_writer *w, struct str blocks, uint64_t events, struct error *err)
{
	int r = drain(w, Z_NO_FLUSH, err);

	if (r < 0)
		return r;
	w->started = true;
	r = w->compressing ? deflate_out(w, (const uint8_t *)blocks.ptr, blocks.len, Z_NO_FLUSH) :
			     write_out(w, (const uint8_t *)blocks.ptr, blocks.len);
	if (r < 0) {
		w->failed = r;
		return error_errno(err, r, "cannot write the capture");
	}
	w->stats.events += events;
	return 0;
}

int scap_writer_take_head(struct scap_writer *w, const struct scap_write_meta *m)
{
	strbuf_addstr(&w->meta.machine, strbuf_str(&m->machine));
	strbuf_addstr(&w->meta.interfaces, strbuf_str(&m->interfaces));
	strbuf_addstr(&w->meta.users, strbuf_str(&m->users));
	return w->meta.machine.failed || w->meta.interfaces.failed || w->meta.users.failed ? -ENOMEM : 0;
}

/*
 * Compressed data has no end before scap_writer_close(), but readers get all of it up to here: a member for
 * each flush took much more.
 */
int scap_writer_flush(struct scap_writer *w, struct error *err)
{
	return w->started ? drain(w, w->compressing ? Z_SYNC_FLUSH : Z_NO_FLUSH, err) : 0;
}

/* ---- life ---- */

const struct scap_receiver *scap_writer_receiver(struct scap_writer *w)
{
	return &w->receiver;
}

void scap_writer_stats(const struct scap_writer *w, struct scap_writer_stats *ret_stats)
{
	*ret_stats = w->stats;
	ret_stats->cut = w->shorten.count;
}

static void release(struct scap_writer *w)
{
	if (w->compressing)
		deflateEnd(&w->z);
	if (w->fd >= 0)
		close(w->fd);
	scap_write_meta_free(&w->meta);
	event_builder_free(&w->ext);
	strbuf_free(&w->shorten.cut);
	strbuf_free(&w->waiting);
	scap_told_free(w->told);
	scap_tasks_free(w->tasks);
	free(w->buffer);
	free(w->output);
	free(w);
}

static struct scap_writer *new_writer(const struct scap_writer_options *options, bool in_memory)
{
	bool shortens = options->origin.implied == SCAP_IMPLIES_NEWEST;
	struct scap_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->fd = -1;
	w->options = *options;
	w->shorten = (struct scap_shorten){ .snaplen = options->snaplen, .buffers = options->buffers };
	w->asked = -1;
	w->in_memory = in_memory;
	w->told = shortens ? scap_told_new() : NULL;
	/* parts in memory may be written without their lists */
	w->tasks = shortens && !in_memory ? scap_tasks_new() : NULL;
	w->shortens = options->snaplen < EVENT_SMALL_BYTES || options->buffers != SCAP_BUFFERS_ALL;
	w->cap = BUFFER_BYTES;
	w->buffer = malloc(w->cap);
	w->output = options->compress != SCAP_PLAIN ? malloc(OUTPUT_BYTES) : NULL;
	if (!w->buffer || (shortens && (!w->told || (!in_memory && !w->tasks))) ||
	    (options->compress != SCAP_PLAIN && !w->output)) {
		release(w);
		return NULL;
	}
	scap_write_meta_receive(&w->meta, &w->receiver);
	return w;
}

int scap_writer_open(const char *path, const struct scap_writer_options *options, struct scap_writer **ret_writer,
		     struct error *err)
{
	struct scap_writer *w = new_writer(options, false);
	int level = options->compress == SCAP_GZIP_FAST ? Z_BEST_SPEED : Z_DEFAULT_COMPRESSION, r = 0;

	if (!w)
		return error_set(err, -ENOMEM, "out of memory");
	if (strcmp(path, "-") == 0)
		w->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		w->fd = open(path,
			     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
				     (options->create_only ? O_EXCL | O_NOFOLLOW : 0),
			     0600);
	if (w->fd < 0)
		r = error_errno(err, -errno, "cannot write %s", path);
	/* 15 bits of window, +16 for the gzip frame */
	else if (options->compress != SCAP_PLAIN &&
		 deflateInit2(&w->z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		r = error_set(err, -ENOMEM, "zlib cannot start");
	w->compressing = r == 0 && options->compress != SCAP_PLAIN;
	if (r < 0) {
		release(w);
		return r;
	}
	*ret_writer = w;
	return 0;
}

int scap_writer_open_memory(const struct scap_writer_options *options, struct scap_writer **ret_writer,
			    struct error *err)
{
	struct scap_writer_options plain = *options;
	struct scap_writer *w;

	plain.compress = SCAP_PLAIN;
	w = new_writer(&plain, true);
	if (!w)
		return error_set(err, -ENOMEM, "out of memory");
	*ret_writer = w;
	return 0;
}

int scap_writer_close(struct scap_writer *w, struct error *err)
{
	int r = 0;

	if (!w)
		return 0;
	if (!w->started)
		r = start(w, err); /* a file without events still says what it is */
	if (r == 0)
		r = drain(w, w->compressing ? Z_FINISH : Z_NO_FLUSH, err);
	release(w);
	return r;
}
