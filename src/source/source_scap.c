/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>

#include "base/bytes.h"
#include "event/event_quick.h"
#include "event/event_wire.h"
#include "event/ext.h"
#include "source/scap.h"
#include "source/scap_convert.h"
#include "source/scap_file.h"
#include "source/scap_fill.h"
#include "source/scap_meta.h"
#include "source/scap_origin.h"
#include "source/scap_tasks.h"
#include "source/scap_told.h"

#define BLOCK_HEAD     8 /* u32 type, u32 total length */
#define BLOCK_TAIL     4 /* the total length again */
#define SECTION_MAGIC  0x1a2b3c4d
#define SECTION_BYTES  16 /* magic, major, minor, section length */
#define SECTION_MAJOR  1
#define PACKET_OLD     2 /* blocks of packets in captures of networks */
#define PACKET_SIMPLE  3
#define PACKET	       6
#define FOLLOW_MS      100 /* between two looks at the end of a capture that grows */

struct scap {
	struct source source;
	struct scap_file file;
	struct scap_receiver receiver;
	struct scap_origin origin;
	char container[SCAP_CONTAINER_BYTES]; /* of the origin */
	struct scap_convert *convert;
	struct event_ext ext; /* of the event that comes next; its texts are in ext_text */
	struct strbuf ext_text;
	uint64_t ext_ts;
	int64_t ext_tid;
	bool has_ext;
	struct scap_fill fill;
	bool in_metadata; /* of a section whose first event was not seen yet */
	bool ended;
	bool follow;
	bool has_packets; /* of a network, which share the form of blocks */
	char *path; /* for messages, of which several captures have one place */
	uint64_t block_at; /* offset of the block at hand */
	struct source_stats stats;
};

static struct scap *scap_of(struct source *s)
{
	return (struct scap *)((char *)s - offsetof(struct scap, source));
}

static int fault(const struct scap *s, int code, struct error *err, const char *what)
{
	return error_set(err, code, "offset %llu: %s", (unsigned long long)s->block_at, what);
}

/* Says where, of an error that another part had. */
static int at_block(const struct scap *s, int code, struct error *err)
{
	return error_prefix(err, code, "offset %llu", (unsigned long long)s->block_at);
}

static int cut(const struct scap *s, size_t n, const char *of, struct error *err)
{
	return error_set(err, -EBADMSG, "offset %llu: the file ends %zu bytes before the end of %s",
			 (unsigned long long)s->block_at, n - scap_file_window(&s->file), of);
}

/* Asks for n bytes that must be there. 1 or negative. */
static int need(struct scap *s, size_t n, const char *of, struct error *err)
{
	int r = scap_file_need(&s->file, n, err);

	if (r)
		return r;
	return s->follow ? -EAGAIN : cut(s, n, of, err);
}

/* ---- section header ---- */

/* Options are u16 code, u16 length, text, padding; those of other writers are passed over. */
static void read_options(struct scap *s, struct reader r)
{
	while (r.len >= 4 && !r.failed) {
		uint16_t code = reader_u16(&r), len = reader_u16(&r);
		struct str text = reader_str(&r, len);

		if (code == 0 || (code == SCAP_OPTION_APPLICATION && scap_origin_parse(text, &s->origin)))
			return;
		reader_take(&r, -(size_t)len & 3);
	}
}

static int read_section(struct scap *s, uint32_t total, struct error *err)
{
	struct reader r;
	uint16_t major, minor;
	uint32_t magic;
	int e;

	if (total < BLOCK_HEAD + SECTION_BYTES + BLOCK_TAIL || total > SCAP_BLOCK_BYTES)
		return fault(s, -EBADMSG, err, "a section header of 28 bytes or more was expected");
	e = need(s, total, "the section header", err);
	if (e < 0)
		return e;
	r = reader_of(scap_file_at(&s->file) + BLOCK_HEAD, total - BLOCK_HEAD - BLOCK_TAIL);
	magic = reader_u32(&r);
	major = reader_u16(&r);
	minor = reader_u16(&r);
	if (magic == __builtin_bswap32(SECTION_MAGIC))
		return fault(s, -ENOTSUP, err,
			     "the capture was written on a big-endian machine, only little-endian is known");
	if (magic != SECTION_MAGIC)
		return error_set(err, -EBADMSG, "offset %llu: section magic is 0x%08x, 0x%08x was expected",
				 (unsigned long long)s->block_at, magic, SECTION_MAGIC);
	if (major > SECTION_MAJOR)
		return error_set(err, -ENOTSUP, "offset %llu: capture format %u.%u is newer than %u",
				 (unsigned long long)s->block_at, major, minor, SECTION_MAJOR);
	(void)reader_u64(&r); /* the section's length */
	s->origin = (struct scap_origin){ .container = STR("") };
	read_options(s, r);
	memcpy(s->container, s->origin.container.ptr, s->origin.container.len);
	s->source.container = s->origin.container = (struct str){ s->container, s->origin.container.len };
	s->source.traits = s->origin.ours ? s->origin.traits : SOURCE_REPORTS_FDS | SOURCE_REPORTS_THREADS;
	e = scap_fill_start(&s->fill, s->origin.implied, err);
	if (e < 0)
		return at_block(s, e, err);
	scap_file_skip(&s->file, total);
	s->in_metadata = true;
	scap_convert_reset(s->convert);
	return 0;
}

/* ---- metadata ---- */

static int read_metadata(struct scap *s, uint32_t type, uint32_t total, struct error *err)
{
	const uint8_t *at;
	int e;

	if (total < BLOCK_HEAD + BLOCK_TAIL || total % 4 || total > SCAP_BLOCK_BYTES)
		return error_set(err, -EBADMSG,
				 "offset %llu: block 0x%x has %u bytes, a multiple of 4 from 12 to %d was expected",
				 (unsigned long long)s->block_at, type, total, SCAP_BLOCK_BYTES);
	e = need(s, total, "a metadata block", err);
	if (e < 0)
		return e;
	at = scap_file_at(&s->file);
	if (bytes_u32(at + total - BLOCK_TAIL) != total)
		return error_set(err, -EBADMSG, "offset %llu: block 0x%x ends with length %u, %u was expected",
				 (unsigned long long)s->block_at, type, bytes_u32(at + total - BLOCK_TAIL), total);
	e = scap_meta_read(type, at + BLOCK_HEAD, total - BLOCK_HEAD - BLOCK_TAIL, s->block_at + BLOCK_HEAD,
			   &s->receiver, err);
	if (e == 0 && s->fill.tasks)
		e = scap_tasks_list(s->fill.tasks, type, at + BLOCK_HEAD, total - BLOCK_HEAD - BLOCK_TAIL,
				    s->block_at + BLOCK_HEAD, err);
	if (e == 0)
		scap_file_skip(&s->file, total);
	return e;
}

/* ---- events ---- */

/* Keeps the facts of an extension record until its event comes; the window moves meanwhile. */
static int keep_ext(struct scap *s, const struct event *ev, struct error *err)
{
	struct event_ext ext;
	int e = ext_decode(ev, &ext, err);

	if (e == -ENOTSUP)
		return 0; /* of a newer writer: the event is complete without it */
	if (e < 0)
		return at_block(s, e, err);
	strbuf_reset(&s->ext_text);
	strbuf_addstr(&s->ext_text, ext.real_path);
	strbuf_addstr(&s->ext_text, ext.args);
	strbuf_addstr(&s->ext_text, ext.stack);
	if (s->ext_text.failed)
		return error_set(err, -ENOMEM, "out of memory");
	ext.real_path.ptr = s->ext_text.ptr;
	ext.args.ptr = s->ext_text.ptr + ext.real_path.len;
	ext.stack.ptr = ext.args.ptr + ext.args.len;
	s->ext = ext;
	s->ext_ts = ev->ts;
	s->ext_tid = ev->tid;
	s->has_ext = true;
	return 0;
}

/* The forms that a block of an event has had. */
static const struct event_block {
	uint32_t type;
	bool with_flags; /* a word of them behind the processor */
	bool old; /* without a number of parameters in the event's header */
	bool large;
} event_blocks[] = {
	{ .type = SCAP_EVENT_V2 },
	{ .type = SCAP_EVENT_FLAGS_V2, .with_flags = true },
	{ .type = SCAP_EVENT_V2_LARGE, .large = true },
	{ .type = SCAP_EVENT_FLAGS_V2_LARGE, .with_flags = true, .large = true },
	{ .type = SCAP_EVENT, .old = true },
	{ .type = (uint32_t)SCAP_EVENT_OLD, .old = true },
	{ .type = SCAP_EVENT_FLAGS, .with_flags = true, .old = true },
};

static const struct event_block *find_event_block(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(event_blocks); i++)
		if (event_blocks[i].type == type)
			return &event_blocks[i];
	return NULL;
}

/* The event of a block, found in place. 1 = hand it out, 0 = not, negative = damaged. */
static int read_event(struct scap *s, const uint8_t *body, size_t len, const struct event_block *block,
		      struct event *ret_event, struct error *err)
{
	size_t head = block->with_flags ? 6 : 2; /* u16 cpu, u32 flags */
	const uint8_t *at = body + head;
	uint32_t event_len;
	int e;

	if (len < head + (block->old ? EVENT_HEADER_V1_BYTES : EVENT_HEADER_BYTES))
		return fault(s, -EBADMSG, err, "the block is too short for an event");
	event_len = bytes_u32(at + EVENT_HEADER_LEN);
	if (event_len > len - head || event_len < EVENT_HEADER_V1_BYTES)
		return error_set(err, -EBADMSG, "offset %llu: event has %u bytes, but its block has room for %zu",
				 (unsigned long long)s->block_at, event_len, len - head);
	e = block->old ? scap_convert_header(s->convert, &at, &event_len, err) : 0;
	if (e == 0)
		e = event_read(ret_event, at, event_len, err);
	if (e == -ENOTSUP) { /* of a type that is newer than this program */
		s->stats.dropped++;
		s->stats.dropped_bytes += event_len;
		return 0;
	}
	if (e < 0)
		return e == -ENOMEM ? e : at_block(s, e, err);
	ret_event->cpu = bytes_u16(body);
	ret_event->flags = block->with_flags ? bytes_u32(body + 2) & ~(EVENT_FLAG_UNSHOWN | SCAP_NOTES) : 0;
	if (ret_event->flags & EVENT_FLAG_STATE_ONLY && !s->origin.ours)
		ret_event->flags |= EVENT_FLAG_UNSHOWN; /* one that a filter left out: Falco counts it */
	scap_fill_note(&s->fill, block->with_flags ? bytes_u32(body + 2) : 0);

	if (!scap_convert_passes(ret_event)) {
		e = scap_convert(s->convert, ret_event, err);
		if (e < 0)
			return at_block(s, e, err);
		return e;
	}
	if (ret_event->type == EV_ASYNCEVENT_E && ext_is(ret_event))
		return keep_ext(s, ret_event, err);
	if (ret_event->type == EV_ASYNCEVENT_E && s->fill.tasks && scap_tasks_is(ret_event)) {
		e = scap_tasks_restore(s->fill.tasks, ret_event, err);
		if (e < 0)
			return at_block(s, e, err);
	}
	return 1;
}

/* One event block. 1 = *ret_event, 0 = go on. */
static int take_event(struct scap *s, uint32_t total, const struct event_block *block, struct event *ret_event,
		      struct error *err)
{
	size_t most = block->large ? (size_t)EVENT_MAX_BYTES + EVENT_SMALL_BYTES : EVENT_SMALL_BYTES + BLOCK_HEAD;
	int e;

	if (total < BLOCK_HEAD + BLOCK_TAIL || total > most)
		return error_set(err, -EBADMSG, "offset %llu: event block has %u bytes, 12 to %zu were expected",
				 (unsigned long long)s->block_at, total, most);
	e = need(s, total, "an event block", err);
	if (e < 0)
		return e;
	e = read_event(s, scap_file_at(&s->file) + BLOCK_HEAD, total - BLOCK_HEAD - BLOCK_TAIL, block, ret_event, err);
	if (e < 0)
		return e;
	scap_file_skip(&s->file, total);
	s->in_metadata = false;
	if (e == 0)
		return 0;
	if (s->has_ext) {
		/* another time or thread: the event that it belongs to was not handed out */
		if (ret_event->ts == s->ext_ts && ret_event->tid == s->ext_tid)
			ret_event->ext = &s->ext;
		s->has_ext = false;
	}
	s->stats.events++;
	return 1;
}

/* One block of any kind. 1 = *ret_event, 0 = go on, -ENODATA = end. */
static int take_block(struct scap *s, struct event *ret_event, struct error *err)
{
	const struct event_block *block;
	uint32_t type, total;
	int e;

	s->block_at = s->file.offset;
	e = scap_file_need(&s->file, BLOCK_HEAD, err);
	if (e < 0 && scap_file_ends_flushed(&s->file) && scap_file_window(&s->file) == 0 && !s->in_metadata)
		return -ENODATA;
	if (e < 0)
		return e;
	if (e == 0 && s->follow)
		return -EAGAIN;
	if (e == 0 && scap_file_window(&s->file) == 0) {
		if (s->in_metadata)
			return fault(s, -EBADMSG, err,
				     s->has_packets ? "this is a capture of a network, without events of system calls" :
						      "the file ends without an event");
		return -ENODATA;
	}
	if (e == 0)
		return cut(s, BLOCK_HEAD, "a block's head", err);
	type = bytes_u32(scap_file_at(&s->file));
	total = bytes_u32(scap_file_at(&s->file) + 4);
	block = find_event_block(type);
	if (block)
		return take_event(s, total, block, ret_event, err);
	if (type == SCAP_SECTION)
		return read_section(s, total, err);
	if (!s->in_metadata)
		return error_set(err, -EBADMSG,
				 "offset %llu: block 0x%x stands where an event or a new section was expected",
				 (unsigned long long)s->block_at, type);
	s->has_packets = s->has_packets || type == PACKET || type == PACKET_SIMPLE || type == PACKET_OLD;
	return read_metadata(s, type, total, err);
}

/* ---- the vtable ---- */

/* A window that has the lengths of any number of parameters. */
#define USUAL_WINDOW (BLOCK_HEAD + 2 + EVENT_HEADER_BYTES + 2 * EVENT_MAX_PARAMS)

/*
 * The usual block, an event of a current type that is in the window already. False for every other one and for damaged
 * ones, which take_block() reads from the same place; it makes the same checks, and the messages.
 */
static inline bool take_usual(struct scap *s, struct event *ret_event)
{
	size_t window = scap_file_window(&s->file);
	const uint8_t *at = scap_file_at(&s->file), *event = at + BLOCK_HEAD + 2;
	uint32_t total, len, nparams;
	uint16_t type;

	if (window < USUAL_WINDOW || bytes_u32(at) != SCAP_EVENT_V2 || s->has_ext)
		return false;
	total = bytes_u32(at + 4);
	len = bytes_u32(event + EVENT_HEADER_LEN);
	if (total > window || total > BLOCK_HEAD + EVENT_SMALL_BYTES ||
	    (uint64_t)len + BLOCK_HEAD + 2 + BLOCK_TAIL > total)
		return false;
	type = bytes_u16(event + EVENT_HEADER_TYPE);
	nparams = bytes_u32(event + EVENT_HEADER_NPARAMS);
	if (type >= EV_COUNT || nparams > EVENT_MAX_PARAMS || nparams != scap_convert_whole[type] ||
	    !event_read_quick(ret_event, event, len, type, nparams))
		return false;
	ret_event->cpu = bytes_u16(at + BLOCK_HEAD);
	scap_file_skip(&s->file, total);
	s->in_metadata = false;
	s->stats.events++;
	return true;
}

/* What comes out may be an answer that was left out, with its event behind it. */
static int fill_in(struct scap *s, struct event *ev, struct error *err)
{
	int e = scap_fill_event(&s->fill, ev, err);

	s->stats.events += s->fill.waits;
	return e;
}

/* Kept out of scap_next(), which then has few registers to save. */
static __attribute__((noinline)) int take_any(struct scap *s, struct event *ret_event, struct error *err)
{
	int e = s->ended ? -ENODATA : 0;

	while (e == 0)
		e = take_block(s, ret_event, err);
	if (e == 1 && s->origin.implied)
		e = fill_in(s, ret_event, err);
	if (e == -EAGAIN) { /* blocks are taken whole or not at all, so the next look begins at the same place */
		poll(NULL, 0, FOLLOW_MS);
		return 0;
	}
	if (e == -EINTR) /* a pipe, likewise */
		return 0;
	if (e < 0 && e != -ENODATA && !s->ended)
		error_prefix(err, e, "%s", s->path);
	if (e < 0)
		s->ended = true; /* what follows a damaged place has no meaning */
	return e;
}

/* Of captures that leave out what follows. Apart for the same reason. */
static __attribute__((noinline)) int next_implied(struct scap *s, struct event *ret_event, struct error *err)
{
	if (s->fill.waits)
		return scap_fill_waiting(&s->fill, ret_event, err);
	if (!take_usual(s, ret_event))
		return take_any(s, ret_event, err);
	scap_fill_note(&s->fill, 0);
	return fill_in(s, ret_event, err);
}

static int scap_next(struct source *source, struct event *ret_event, struct error *err)
{
	struct scap *s = scap_of(source);

	if (s->origin.implied)
		return next_implied(s, ret_event, err);
	return take_usual(s, ret_event) ? 1 : take_any(s, ret_event, err);
}

static void scap_stats(const struct source *source, struct source_stats *ret_stats)
{
	const struct scap *s = scap_of((struct source *)source);

	*ret_stats = s->stats;
	ret_stats->truncated = scap_convert_forgotten(s->convert);
}

static void scap_close(struct source *source)
{
	struct scap *s = scap_of(source);

	scap_file_close(&s->file);
	scap_convert_free(s->convert);
	scap_fill_free(&s->fill);
	strbuf_free(&s->ext_text);
	free(s->path);
	free(s);
}

static const struct source_ops scap_ops = {
	.name = "capture",
	.next = scap_next,
	.stats = scap_stats,
	.close = scap_close,
};

void source_scap_follow(struct source *source)
{
	struct scap *s = scap_of(source);

	s->follow = true;
	scap_file_follow(&s->file);
}

void source_scap_origin(const struct source *source, struct scap_origin *ret_origin)
{
	*ret_origin = scap_of((struct source *)source)->origin;
}

bool source_scap_knows_fds(const struct source *source)
{
	const struct scap_origin *o = &scap_of((struct source *)source)->origin;

	return !o->ours || o->traits & SOURCE_REPORTS_FDS || o->known_fds;
}

void source_scap_receive(struct source *source, const struct scap_receiver *receiver)
{
	scap_of(source)->receiver = *receiver;
}

/* What people have by that name instead. Of the compressions only gzip's is the format's own. */
static int refuse_start(const unsigned char *start, size_t len, struct error *err)
{
	static const struct {
		struct str magic;
		const char *unpack; /* NULL: nothing would */
	} foreign[] = {
		{ STR("\xfd\x37zXZ"), "xz -dc" },
		{ STR("\x28\xb5\x2f\xfd"), "zstd -dc" },
		{ STR("\x04\x22\x4d\x18"), "lz4 -dc" },
		{ STR("BZh"), "bzip2 -dc" },
		{ STR("PK\3\4"), "unzip -p" },
		{ STR("\xd4\xc3\xb2\xa1"), NULL },
		{ STR("\xa1\xb2\xc3\xd4"), NULL },
	};
	const struct str had = { (const char *)start, len };

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		if (!str_starts(had, foreign[i].magic))
			continue;
		if (!foreign[i].unpack)
			return error_set(err, -EBADMSG,
					 "offset 0: this is a capture of a network (pcap), not of system calls");
		return error_set(
			err, -EBADMSG,
			"offset 0: the file is compressed; '%s' gives a capture to standard input, which is the file \"-\"",
			foreign[i].unpack);
	}
	return error_set(err, -EBADMSG, "offset 0: this is no capture: a section header (0a 0d 0d 0a) was expected");
}

static int read_start(struct scap *s, const char *path, struct error *err)
{
	int e = scap_file_open(path, &s->file, err);

	if (e < 0)
		return e;
	e = scap_file_need(&s->file, BLOCK_HEAD, err);
	if (e < 0)
		return e;
	if (e == 0 && scap_file_window(&s->file) == 0)
		return error_set(err, -EBADMSG, "offset 0: this is no capture: the file is empty");
	if (e == 0 || bytes_u32(scap_file_at(&s->file)) != SCAP_SECTION)
		return refuse_start(scap_file_at(&s->file), scap_file_window(&s->file), err);
	return read_section(s, bytes_u32(scap_file_at(&s->file) + 4), err);
}

static const char *shown(const char *path)
{
	return !*path ? "an empty path" : strcmp(path, "-") == 0 ? "standard input" : path;
}

int source_scap_open(const char *path, struct source **ret_source, struct error *err)
{
	struct scap *s = calloc(1, sizeof(*s));
	int e;

	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->source.ops = &scap_ops;
	s->path = str_dup(str_of(shown(path)));
	s->convert = scap_convert_new();
	e = s->path && s->convert ? read_start(s, path, err) : error_set(err, -ENOMEM, "out of memory");
	if (e < 0) {
		scap_close(&s->source);
		return error_prefix(err, e, "%s", shown(path));
	}
	scap_file_wait_in_parts(&s->file);
	*ret_source = &s->source;
	return 0;
}
