/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>

#include "base/bytes.h"
#include "base/parse.h"
#include "event/event_quick.h"
#include "event/event_wire.h"
#include "event/ext.h"
#include "source/scap.h"
#include "source/scap_convert.h"
#include "source/scap_file.h"
#include "source/scap_meta.h"
#include "source/scap_tasks.h"
#include "source/scap_told.h"

#define BLOCK_HEAD     8 /* u32 type, u32 total length */
#define BLOCK_TAIL     4 /* the total length again */
#define SECTION_MAGIC  0x1a2b3c4d
#define SECTION_BYTES  16 /* magic, major, minor, section length */
#define SECTION_MAJOR  1
#define FOLLOW_MS      100 /* between two looks at the end of a capture that grows */

struct scap {
	struct source source;
	struct scap_file file;
	struct scap_receiver receiver;
	struct scap_origin origin;
	struct scap_convert *convert;
	struct strbuf upgraded; /* an event with a header of version 1, with one of version 2 */
	struct event_ext ext; /* of the event that comes next; its texts are in ext_text */
	struct strbuf ext_text;
	uint64_t ext_ts;
	int64_t ext_tid;
	bool has_ext;
	struct scap_told *told; /* NULL where everything is written */
	struct scap_tasks *tasks; /* likewise */
	uint32_t notes; /* of the event at hand */
	int64_t asked; /* the descriptor that the last answer was about, while its event is to come; -1 = none */
	struct event waiting; /* an event whose answer was handed out before it */
	bool waits;
	bool in_metadata; /* of a section whose first event was not seen yet */
	bool ended;
	bool follow;
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

/* Asks for n bytes that must be there. */
static int need(struct scap *s, size_t n, const char *of, struct error *err)
{
	int r = scap_file_need(&s->file, n, err);

	if (r == 0 && s->follow)
		return -EAGAIN;
	if (r == 0)
		return error_set(err, -EBADMSG, "offset %llu: the file ends %zu bytes before the end of %s",
				 (unsigned long long)s->block_at, n - scap_file_window(&s->file), of);
	return r;
}

/* ---- section header ---- */

/* Cuts "WORD=" and the number behind it off the text. */
static bool take_number(struct str *text, struct str word, uint32_t *ret_value)
{
	const char *blank;
	size_t n;

	if (!str_starts(*text, word))
		return false;
	*text = (struct str){ text->ptr + word.len, text->len - word.len };
	blank = text->len ? memchr(text->ptr, ' ', text->len) : NULL;
	n = blank ? (size_t)(blank - text->ptr) : text->len;
	if (parse_u32((struct str){ text->ptr, n }, ret_value) < 0)
		return false;
	*text = (struct str){ text->ptr + n, text->len - n };
	return true;
}

/* An option's text is that of SCAP_ORIGIN_FORMAT, the first ones without its end; whatever else stands there is of another writer. */
static bool parse_origin(struct str text, struct scap_origin *ret_origin)
{
	uint32_t traits, realpath, fds = 0, implied = 0;

	if (!take_number(&text, STR("monitor traits="), &traits) || !take_number(&text, STR(" realpath="), &realpath) ||
	    (text.len && !take_number(&text, STR(" fds="), &fds)) || (text.len && !take_number(&text, STR(" implied="), &implied)))
		return false;
	*ret_origin = (struct scap_origin){
		.ours = true,
		.traits = traits & (SOURCE_REPORTS_FDS | SOURCE_REPORTS_THREADS),
		.match_realpath = realpath != 0,
		.known_fds = fds != 0,
		.implied = (enum scap_implied)implied,
	};
	return true;
}

/* Options are u16 code, u16 length, text, padding; those of other writers are passed over. */
static void read_options(struct scap *s, struct reader r)
{
	while (r.len >= 4 && !r.failed) {
		uint16_t code = reader_u16(&r), len = reader_u16(&r);
		struct str text = reader_str(&r, len);

		if (code == 0 || (code == SCAP_OPTION_APPLICATION && parse_origin(text, &s->origin)))
			return;
		reader_take(&r, -(size_t)len & 3);
	}
}

/* What the section's events lack is filled in as its writer left it out: not less, and not otherwise. */
static int prepare_to_fill_in(struct scap *s, struct error *err)
{
	unsigned int kind = s->origin.implied;

	if (kind > SCAP_IMPLIES_NEWEST)
		return error_set(err, -ENOTSUP, "offset %llu: a newer monitor wrote this capture, and left out what this one cannot fill in "
				 "(implied=%u, %d is known)", (unsigned long long)s->block_at, kind, SCAP_IMPLIES_NEWEST);
	if (kind >= SCAP_IMPLIES_TOLD && !s->told)
		s->told = scap_told_new();
	if (kind >= SCAP_IMPLIES_LISTED && !s->tasks)
		s->tasks = scap_tasks_new();
	if ((kind >= SCAP_IMPLIES_TOLD && !s->told) || (kind >= SCAP_IMPLIES_LISTED && !s->tasks))
		return error_set(err, -ENOMEM, "out of memory");
	if (s->told)
		scap_told_start(s->told, s->origin.implied);
	if (s->tasks)
		scap_tasks_forget(s->tasks);
	s->asked = -1;
	return 0;
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
		return fault(s, -ENOTSUP, err, "the capture was written on a big-endian machine, only little-endian is known");
	if (magic != SECTION_MAGIC)
		return error_set(err, -EBADMSG, "offset %llu: section magic is 0x%08x, 0x%08x was expected",
				 (unsigned long long)s->block_at, magic, SECTION_MAGIC);
	if (major > SECTION_MAJOR)
		return error_set(err, -ENOTSUP, "offset %llu: capture format %u.%u is newer than %u", (unsigned long long)s->block_at,
				 major, minor, SECTION_MAJOR);
	(void)reader_u64(&r); /* the section's length */
	s->origin = (struct scap_origin){ 0 };
	read_options(s, r);
	s->source.traits = s->origin.ours ? s->origin.traits : SOURCE_REPORTS_FDS | SOURCE_REPORTS_THREADS;
	e = prepare_to_fill_in(s, err);
	if (e < 0)
		return e;
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
		return error_set(err, -EBADMSG, "offset %llu: block 0x%x has %u bytes, a multiple of 4 from 12 to %d was expected",
				 (unsigned long long)s->block_at, type, total, SCAP_BLOCK_BYTES);
	e = need(s, total, "a metadata block", err);
	if (e < 0)
		return e;
	at = scap_file_at(&s->file);
	if (bytes_u32(at + total - BLOCK_TAIL) != total)
		return error_set(err, -EBADMSG, "offset %llu: block 0x%x ends with length %u, %u was expected",
				 (unsigned long long)s->block_at, type, bytes_u32(at + total - BLOCK_TAIL), total);
	e = scap_meta_read(type, at + BLOCK_HEAD, total - BLOCK_HEAD - BLOCK_TAIL, s->block_at + BLOCK_HEAD, &s->receiver, err);
	if (e == 0 && s->tasks)
		e = scap_tasks_list(s->tasks, type, at + BLOCK_HEAD, total - BLOCK_HEAD - BLOCK_TAIL, s->block_at + BLOCK_HEAD, err);
	if (e == 0)
		scap_file_skip(&s->file, total);
	return e;
}

/* ---- events ---- */

/* The number of parameters whose lengths and values make up exactly len bytes behind the header, or -1. */
static int count_params(const uint8_t *lengths, size_t len, uint32_t most)
{
	for (uint32_t n = most + 1; n-- > 0;) {
		size_t sum = 2 * (size_t)n;

		for (uint32_t i = 0; i < n && sum <= len; i++)
			sum += bytes_u16(lengths + 2 * i);
		if (sum == len)
			return (int)n;
	}
	return -1;
}

/*
 * An event of the first version has no parameter count: it is the one that makes the lengths add up. *at and *len
 * become the event with a current header.
 */
static int upgrade_header(struct scap *s, const uint8_t **at, uint32_t *len, struct error *err)
{
	uint16_t type = bytes_u16(*at + EVENT_HEADER_TYPE);
	const struct event_info *info = event_info(type);
	uint32_t rest = *len, total, nparams;
	int n;

	if (type == EV_NOTIFICATION_E || type == EV_INFRASTRUCTURE_EVENT_E)
		rest = rest >= EVENT_HEADER_V1_BYTES + 3 ? rest - 3 : rest; /* their writers counted 3 bytes too many */
	rest -= EVENT_HEADER_V1_BYTES;
	n = info && !(info->flags & EF_LARGE_PAYLOAD) ? count_params(*at + EVENT_HEADER_V1_BYTES, rest, info->nparams) : -1;
	if (!info)
		return -ENOTSUP;
	if (n < 0)
		return fault(s, -EBADMSG, err, "no number of parameters fits the event's length");
	nparams = (uint32_t)n;
	total = rest + EVENT_HEADER_BYTES;
	strbuf_reset(&s->upgraded);
	strbuf_add(&s->upgraded, *at, EVENT_HEADER_V1_BYTES);
	strbuf_add(&s->upgraded, &nparams, sizeof(nparams));
	strbuf_add(&s->upgraded, *at + EVENT_HEADER_V1_BYTES, rest);
	if (s->upgraded.failed)
		return error_set(err, -ENOMEM, "out of memory");
	memcpy(s->upgraded.ptr + EVENT_HEADER_LEN, &total, sizeof(total));
	*at = (const uint8_t *)s->upgraded.ptr;
	*len = total;
	return 0;
}

/* Keeps the facts of an extension record until its event comes; the window moves meanwhile. */
static int keep_ext(struct scap *s, const struct event *ev, struct error *err)
{
	struct event_ext ext;
	int e = ext_decode(ev, &ext, err);

	if (e == -ENOTSUP)
		return 0; /* of a newer writer: the event is complete without it */
	if (e < 0)
		return error_prefix(err, e, "offset %llu", (unsigned long long)s->block_at);
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

/* The event of a block, found in place. 1 = hand it out, 0 = not, negative = damaged. */
static int read_event(struct scap *s, const uint8_t *body, size_t len, bool with_flags, bool old, struct event *ret_event,
		      struct error *err)
{
	size_t head = with_flags ? 6 : 2; /* u16 cpu, u32 flags */
	const uint8_t *at = body + head;
	uint32_t event_len;
	int e;

	if (len < head + (old ? EVENT_HEADER_V1_BYTES : EVENT_HEADER_BYTES))
		return fault(s, -EBADMSG, err, "the block is too short for an event");
	event_len = bytes_u32(at + EVENT_HEADER_LEN);
	if (event_len > len - head || event_len < EVENT_HEADER_V1_BYTES)
		return error_set(err, -EBADMSG, "offset %llu: event has %u bytes, but its block has room for %zu",
				 (unsigned long long)s->block_at, event_len, len - head);
	e = old ? upgrade_header(s, &at, &event_len, err) : 0;
	if (e == 0)
		e = event_read(ret_event, at, event_len, err);
	if (e == -ENOTSUP) { /* of a type that is newer than this program */
		s->stats.dropped++;
		s->stats.dropped_bytes += event_len;
		return 0;
	}
	if (e < 0)
		return e == -ENOMEM ? e : error_prefix(err, e, "offset %llu", (unsigned long long)s->block_at);
	ret_event->cpu = bytes_u16(body);
	ret_event->flags = with_flags ? bytes_u32(body + 2) & ~(EVENT_FLAG_UNSHOWN | SCAP_NOTES) : 0;
	s->notes = with_flags ? bytes_u32(body + 2) & SCAP_NOTES : 0;
	if (s->told && s->notes & SCAP_NOTE_FORGET)
		scap_told_forget(s->told);

	if (!scap_convert_passes(ret_event)) {
		e = scap_convert(s->convert, ret_event, err);
		if (e < 0)
			return error_prefix(err, e, "offset %llu", (unsigned long long)s->block_at);
		return e;
	}
	if (ret_event->type == EV_ASYNCEVENT_E && ext_is(ret_event))
		return keep_ext(s, ret_event, err);
	if (ret_event->type == EV_ASYNCEVENT_E && s->tasks && scap_tasks_is(ret_event)) {
		e = scap_tasks_restore(s->tasks, ret_event, err);
		if (e < 0)
			return error_prefix(err, e, "offset %llu", (unsigned long long)s->block_at);
	}
	return 1;
}

/* One event block. 1 = *ret_event, 0 = go on. */
static int take_event(struct scap *s, uint32_t total, bool with_flags, bool old, bool large, struct event *ret_event,
		      struct error *err)
{
	size_t most = large ? (size_t)EVENT_MAX_BYTES + EVENT_SMALL_BYTES : EVENT_SMALL_BYTES + BLOCK_HEAD;
	int e;

	if (total < BLOCK_HEAD + BLOCK_TAIL || total > most)
		return error_set(err, -EBADMSG, "offset %llu: event block has %u bytes, 12 to %zu were expected",
				 (unsigned long long)s->block_at, total, most);
	e = scap_file_need(&s->file, total, err);
	if (e <= 0)
		return need(s, total, "an event block", err);
	e = read_event(s, scap_file_at(&s->file) + BLOCK_HEAD, total - BLOCK_HEAD - BLOCK_TAIL, with_flags, old, ret_event, err);
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
			return fault(s, -EBADMSG, err, "the file ends without an event");
		return -ENODATA;
	}
	if (e == 0)
		return need(s, BLOCK_HEAD, "a block's head", err);
	type = bytes_u32(scap_file_at(&s->file));
	total = bytes_u32(scap_file_at(&s->file) + 4);

	switch (type) {
	case SCAP_EVENT_V2:
		return take_event(s, total, false, false, false, ret_event, err);
	case SCAP_EVENT_FLAGS_V2:
		return take_event(s, total, true, false, false, ret_event, err);
	case SCAP_EVENT_V2_LARGE:
		return take_event(s, total, false, false, true, ret_event, err);
	case SCAP_EVENT_FLAGS_V2_LARGE:
		return take_event(s, total, true, false, true, ret_event, err);
	case SCAP_EVENT:
	case (uint32_t)SCAP_EVENT_OLD:
		return take_event(s, total, false, true, false, ret_event, err);
	case SCAP_EVENT_FLAGS:
		return take_event(s, total, true, true, false, ret_event, err);
	case SCAP_SECTION:
		return read_section(s, total, err);
	default:
		if (!s->in_metadata)
			return error_set(err, -EBADMSG, "offset %llu: block 0x%x stands where an event or a new section was expected",
					 (unsigned long long)s->block_at, type);
		return read_metadata(s, type, total, err);
	}
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
	if (total > window || total > BLOCK_HEAD + EVENT_SMALL_BYTES || (uint64_t)len + BLOCK_HEAD + 2 + BLOCK_TAIL > total)
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

/* The texts of such a record are the event's. */
static __attribute__((noinline)) void imply(struct scap *s, struct event *ev)
{
	if (ext_implied(ev, &s->ext))
		ev->ext = &s->ext;
}

/* The event itself, behind its answers. Returns 1: it is handed out. */
static int derive_facts(struct scap *s, struct event *ev, struct error *err)
{
	struct event_ext guess;

	if (scap_told_facts(s->told, ev, scap_told_note(s->told, ev, s->notes), &guess) && !ev->ext) {
		s->ext = guess;
		ev->ext = &s->ext;
	}
	if (scap_told_add(s->told, ev, s->asked, s->notes) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	s->asked = -1;
	return 1;
}

/* What was left out because it follows; an answer becomes *ev, and its event waits. 1 or negative. */
static __attribute__((noinline)) int derive(struct scap *s, struct event *ev, struct error *err)
{
	struct event answer = *ev;
	bool written = scap_told_holds(ev);
	int r = 1;

	if (!written) {
		if (s->asked >= 0)
			return derive_facts(s, ev, err);
		r = scap_told_answer(s->told, ev, scap_told_note(s->told, ev, s->notes), &answer, err);
		if (r == 0)
			return derive_facts(s, ev, err);
		if (r < 0)
			return r;
		s->waiting = *ev;
		s->waits = true;
		s->stats.events++;
		*ev = answer;
	}
	s->asked = event_param_int(&answer, 0);
	return scap_told_add_answer(s->told, &answer, written) < 0 ? error_set(err, -ENOMEM, "out of memory") : 1;
}

/* Kept out of scap_next(), which then has few registers to save. */
static __attribute__((noinline)) int take_any(struct scap *s, struct event *ret_event, struct error *err)
{
	int e = s->ended ? -ENODATA : 0;

	while (e == 0)
		e = take_block(s, ret_event, err);
	if (e == 1 && s->origin.implied >= SCAP_IMPLIES_TOLD)
		e = derive(s, ret_event, err);
	else if (e == 1 && !ret_event->ext && s->origin.implied)
		imply(s, ret_event);
	if (e == -EAGAIN) { /* blocks are taken whole or not at all, so the next look begins at the same place */
		poll(NULL, 0, FOLLOW_MS);
		return 0;
	}
	if (e < 0)
		s->ended = true; /* what follows a damaged place has no meaning */
	return e;
}

/* Of captures that leave out what follows. Apart for the same reason. */
static __attribute__((noinline)) int next_implied(struct scap *s, struct event *ret_event, struct error *err)
{
	if (s->waits) {
		s->waits = false;
		*ret_event = s->waiting;
		return derive_facts(s, ret_event, err);
	}
	if (!take_usual(s, ret_event))
		return take_any(s, ret_event, err);
	if (s->origin.implied >= SCAP_IMPLIES_TOLD) {
		s->notes = 0;
		return derive(s, ret_event, err);
	}
	imply(s, ret_event);
	return 1;
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
	scap_told_free(s->told);
	scap_tasks_free(s->tasks);
	strbuf_free(&s->upgraded);
	strbuf_free(&s->ext_text);
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

static int read_start(struct scap *s, const char *path, struct error *err)
{
	int e = scap_file_open(path, &s->file, err);

	if (e < 0)
		return e;
	e = scap_file_need(&s->file, BLOCK_HEAD, err);
	if (e < 0)
		return e;
	if (e == 0 || bytes_u32(scap_file_at(&s->file)) != SCAP_SECTION)
		return error_set(err, -EBADMSG, "offset 0: this is no capture: a section header (0a 0d 0d 0a) was expected");
	return read_section(s, bytes_u32(scap_file_at(&s->file) + 4), err);
}

int source_scap_open(const char *path, struct source **ret_source, struct error *err)
{
	struct scap *s = calloc(1, sizeof(*s));
	int e;

	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->source.ops = &scap_ops;
	s->convert = scap_convert_new();
	e = s->convert ? read_start(s, path, err) : error_set(err, -ENOMEM, "out of memory");
	if (e < 0) {
		scap_close(&s->source);
		return error_prefix(err, e, "%s", path);
	}
	*ret_source = &s->source;
	return 0;
}
