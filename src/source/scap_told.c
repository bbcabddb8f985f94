/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/event_wire.h"
#include "source/scap_known.h"
#include "source/scap_paths.h"

#define TOLD_USUAL 1024 /* notes of threads; a power of two */

struct usual {
	int64_t tid;
	uint16_t type;
	uint32_t note; /* 0 = none */
};

struct scap_told {
	enum scap_implied kind; /* how much is guessed */
	uint32_t notes[EV_COUNT]; /* the last of each event type; 0 = none */
	struct usual usual[TOLD_USUAL]; /* and of a thread */
	/*
	 * by event type: the type of its last answer that others can be like and that has no ends; 0 = none
	 */
	uint16_t answered[EV_COUNT];
	uint16_t answer; /* the type of the last answer of all */
	struct scap_known *known;
	struct scap_paths *paths;
	struct str real_path; /* the guess for the event at hand, borrowed from either; empty = none */
	struct event_builder given;
	struct strbuf name; /* in it */
};

/* Whether more is guessed than in captures of the first kind: by threads and their likes, sockets, links, doubts. */
static bool guesses_more(const struct scap_told *t)
{
	return t->kind > SCAP_IMPLIES_TOLD;
}

bool scap_told_holds(const struct event *ev)
{
	return ev->info->category & EC_ITER && ev->type != EV_ITER_TASK_E && ev->flags & EVENT_FLAG_STATE_ONLY &&
	       ev->nparams && event_param(ev, 0).len == 4;
}

/* ---- sockets and pipes ---- */

static uint64_t noted_inode(const struct scap_told *t, uint32_t note)
{
	int64_t delta = (int16_t)(note & SCAP_NOTE_DELTA) / (1 << SCAP_NOTE_DELTA_SHIFT);

	return scap_known_inode(t->known, (note & SCAP_NOTE_RANGE) >> SCAP_NOTE_RANGE_SHIFT) + (uint64_t)delta;
}

/*
 * Both ends of a connection, as the event has them: u8 family, and u16 port behind each address. Empty when
 * it has none.
 */
static struct str ends_of(const struct event *ev)
{
	for (uint32_t i = 0; i < ev->nparams; i++) {
		struct str v = event_param(ev, i);

		if (ev->info->params[i].type == PT_SOCKTUPLE &&
		    ((v.len == 13 && v.ptr[0] == 2) || (v.len == 37 && v.ptr[0] == 10)))
			return v;
	}
	return STR("");
}

/* Parameters 3 to 6 of an answer are its ends. */
static struct str end_of(struct str ends, unsigned int param, bool unconnected)
{
	static const char nowhere[16];
	size_t width = ends.len == 13 ? 4 : 16, at = param < 5 ? 1 : 3 + width;
	struct str end = param & 1 ? (struct str){ ends.ptr + at, width } : (struct str){ ends.ptr + at + width, 2 };

	return unconnected && param >= 5 ? (struct str){ nowhere, end.len } : end;
}

static bool has_ends(struct str answer, struct str ends, bool unconnected)
{
	struct event known;
	bool same = event_read(&known, answer.ptr, answer.len, NULL) == 0 && known.nparams == 8;

	for (unsigned int i = 3; i < 7 && same; i++)
		same = str_eq(event_param(&known, i), end_of(ends, i, unconnected));
	return same;
}

/* ---- answers ---- */

/* What makes an answer differ from what is known. */
struct difference {
	struct str ends; /* empty = none */
	bool unconnected;
	uint64_t inode;
};

/*
 * A pipe's name has its inode: pipe:[22782452]. Whether the text is of this kind; then ret_name is that of
 * the other inode.
 */
static bool rename_inode(struct str text, uint64_t from, uint64_t to, struct strbuf *ret_name)
{
	size_t kept;

	strbuf_reset(ret_name);
	strbuf_addf(ret_name, "[%llu]", (unsigned long long)from);
	if (!str_ends(text, strbuf_str(ret_name)))
		return false;
	kept = text.len - ret_name->len;
	strbuf_reset(ret_name);
	strbuf_add(ret_name, text.ptr, kept);
	strbuf_addf(ret_name, "[%llu]", (unsigned long long)to);
	return true;
}

/* What is known, as an answer about fd. other: NULL = no difference. 1 or negative. */
static int give(struct scap_told *t, const struct event *ev, struct str known_wire, int64_t fd,
		const struct difference *other, struct event *ret_answer, struct error *err)
{
	struct event known;
	int r = event_read(&known, known_wire.ptr, known_wire.len, err);

	if (r < 0)
		return r;
	event_begin(&t->given, known.type, ev->ts, ev->tid);
	event_put_int(&t->given, fd);
	for (uint32_t i = 1; i < known.nparams; i++) {
		if (other && i == known.nparams - 1)
			event_put_int(&t->given, (int64_t)other->inode);
		else if (other && other->ends.len && i >= 3 && i < 7)
			event_put_bytes(&t->given, end_of(other->ends, i, other->unconnected));
		else if (other && t->kind > SCAP_IMPLIES_GUESSED && known.type == EV_ITER_TASK_FILE_PIPE_E &&
			 rename_inode(event_param_text(&known, i), event_param_uint(&known, known.nparams - 1),
				      other->inode, &t->name))
			event_put_text(&t->given, strbuf_str(&t->name));
		else
			event_put_bytes(&t->given, event_param(&known, i));
	}
	r = event_end(&t->given, ret_answer, err);
	if (r < 0)
		return r;
	ret_answer->cpu = ev->cpu;
	ret_answer->flags = EVENT_FLAG_STATE_ONLY;
	return 1;
}

/*
 * About a descriptor that nothing is known of but what the event says: as the last answer of its kind, with
 * an inode beside a known one.
 */
static int give_like(struct scap_told *t, const struct event *ev, uint32_t note, int64_t fd, struct str ends,
		     struct event *ret_answer, struct error *err)
{
	const struct difference other = { ends, note & SCAP_NOTE_UNCONNECTED, noted_inode(t, note) };
	uint16_t type = t->answered[ev->type];
	struct str known;

	if (ends.len)
		type = ends.len == 13 ? EV_ITER_TASK_FILE_SOCKET_INET_E : EV_ITER_TASK_FILE_SOCKET_INET6_E;
	known = scap_known_is_counted(type) ? scap_known_like(t->known, type) : STR("");
	return known.len ? give(t, ev, known, fd, &other, ret_answer, err) : 0;
}

static struct usual *usual_of(struct scap_told *t, const struct event *ev)
{
	uint64_t hash = ((uint64_t)ev->tid << 16 ^ ev->type) * UINT64_C(0x9e3779b97f4a7c15);

	return &t->usual[hash >> 40 & (TOLD_USUAL - 1)];
}

uint32_t scap_told_note(const struct scap_told *t, const struct event *ev, uint32_t flags)
{
	const struct usual *u = usual_of((struct scap_told *)t, ev);
	uint32_t note = t->notes[ev->type];

	if (flags & SCAP_NOTE_ANSWER)
		return flags & SCAP_NOTES & ~(uint32_t)SCAP_NOTE_FORGET;
	if (guesses_more(t) && u->note && u->tid == ev->tid && u->type == ev->type)
		note = u->note;
	if (!note)
		note = SCAP_NOTE_NONE;
	return guesses_more(t) ? note : note | (flags & SCAP_NOTE_NO_FACTS);
}

static struct str known_at(const struct scap_told *t, int64_t tid, int64_t fd, uint32_t note)
{
	uint32_t answer = note & SCAP_NOTE_ANSWER;

	if (answer == SCAP_NOTE_LATEST)
		return scap_known_latest(t->known, tid);
	if (answer == SCAP_NOTE_RECENT)
		return scap_known_recent(t->known, (note & SCAP_NOTE_DELTA) >> SCAP_NOTE_DELTA_SHIFT);
	return answer == SCAP_NOTE_SHARED ? scap_known_shared(t->known, fd) : scap_known_file(t->known, tid, fd);
}

int scap_told_answer(struct scap_told *t, const struct event *ev, uint32_t note, struct event *ret_answer,
		     struct error *err)
{
	uint32_t param = (note & SCAP_NOTE_PARAM) >> SCAP_NOTE_PARAM_SHIFT, answer = note & SCAP_NOTE_ANSWER;
	struct str known, ends;
	int64_t fd;

	if (answer == SCAP_NOTE_NONE || param >= ev->nparams || ev->info->params[param].type != PT_FD)
		return 0;
	fd = event_param_int(ev, param);
	if (fd < 0 || fd > INT32_MAX)
		return 0;
	known = answer == SCAP_NOTE_LIKE ? STR("") : known_at(t, ev->tid, fd, note);
	if ((answer == SCAP_NOTE_SAME || answer == SCAP_NOTE_LIKE) && guesses_more(t)) {
		ends = ends_of(ev);
		if (!known.len || (ends.len && !has_ends(known, ends, note & SCAP_NOTE_UNCONNECTED)))
			return give_like(t, ev, note, fd, ends, ret_answer, err);
	}
	return known.len ? give(t, ev, known, fd, NULL, ret_answer, err) : 0;
}

static int param_of(const struct event *ev, int64_t fd)
{
	for (uint32_t i = 0; i < ev->nparams && i < 32; i++)
		if (ev->info->params[i].type == PT_FD && event_param_int(ev, i) == fd)
			return (int)i;
	return -1;
}

static bool gives(struct scap_told *t, const struct event *ev, uint32_t note, const struct event *answer)
{
	struct event own;
	int r = scap_told_answer(t, ev, note, &own, NULL);

	if (!answer)
		return r == 0;
	return r == 1 && own.type == answer->type && own.len == answer->len &&
	       memcmp(own.bytes + EVENT_HEADER_BYTES, answer->bytes + EVENT_HEADER_BYTES,
		      own.len - EVENT_HEADER_BYTES) == 0;
}

/* How the answer's inode would be noted. */
static uint32_t note_inode(const struct scap_told *t, const struct event *answer)
{
	uint64_t inode = answer->nparams ? event_param_uint(answer, answer->nparams - 1) : 0;
	uint32_t range = scap_known_range(t->known, inode);

	if (range == SCAP_KNOWN_RANGES)
		return 0;
	return range << SCAP_NOTE_RANGE_SHIFT |
	       ((uint32_t)(inode - scap_known_inode(t->known, range)) << SCAP_NOTE_DELTA_SHIFT & SCAP_NOTE_DELTA);
}

bool scap_told_find_answer(struct scap_told *t, const struct event *ev, const struct event *answer, uint32_t *note)
{
	static const uint32_t places[] = { SCAP_NOTE_SAME, SCAP_NOTE_SAME | SCAP_NOTE_UNCONNECTED, SCAP_NOTE_LIKE,
					   SCAP_NOTE_SHARED, SCAP_NOTE_LATEST };
	const uint32_t of_inode = SCAP_NOTE_DELTA | SCAP_NOTE_RANGE;
	uint32_t rest = *note & ~(uint32_t)(SCAP_NOTE_ANSWER | SCAP_NOTE_PARAM | SCAP_NOTE_UNCONNECTED), one;
	int param;

	if (answer && answer->tid != ev->tid)
		return false;
	if (gives(t, ev, *note, answer))
		return true;
	if (!answer) {
		*note = (*note & ~(uint32_t)SCAP_NOTE_ANSWER) | SCAP_NOTE_NONE;
		return true;
	}
	param = param_of(ev, event_param_int(answer, 0));
	if (param < 0)
		return false;
	rest |= (uint32_t)param << SCAP_NOTE_PARAM_SHIFT;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		one = rest | places[i];
		if (!gives(t, ev, one, answer) && i < 3)
			one = (one & ~of_inode) | note_inode(t, answer);
		if (gives(t, ev, one, answer)) {
			*note = one;
			return true;
		}
	}
	for (uint32_t i = 0; i < SCAP_KNOWN_RECENT; i++) {
		one = (rest & ~of_inode) | SCAP_NOTE_RECENT | i << SCAP_NOTE_DELTA_SHIFT;
		if (gives(t, ev, one, answer)) {
			*note = one;
			return true;
		}
	}
	return false;
}

/* ---- facts ---- */

bool scap_told_facts(struct scap_told *t, const struct event *ev, uint32_t note, struct event_ext *ret_ext)
{
	uint32_t raced = (note & SCAP_NOTE_RACED) >> SCAP_NOTE_RACED_SHIFT;

	t->real_path = scap_known_asked(t->known, ev, note & SCAP_NOTE_FOLDER, guesses_more(t));
	if (t->real_path.len && guesses_more(t))
		t->real_path = scap_paths_guess(t->paths, ev->tid, t->real_path);
	*ret_ext = (struct event_ext){
		.real_path = t->real_path,
		.args = STR(""),
		.stack = STR(""),
		.raced = raced > RACED_YES ? RACED_POSSIBLE : (enum raced)raced,
	};
	return !(note & SCAP_NOTE_NO_FACTS) && (t->real_path.len || raced);
}

/* Whether the note leads to the real path, of the thread's directories the one or the other. */
static bool finds_path(struct scap_told *t, const struct event *ev, struct str real_path, uint32_t *note)
{
	uint32_t first = *note;
	struct event_ext guess;

	(void)scap_told_facts(t, ev, first, &guess);
	if (str_eq(guess.real_path, real_path))
		return true;
	*note ^= SCAP_NOTE_FOLDER;
	(void)scap_told_facts(t, ev, *note, &guess);
	if (real_path.len && str_eq(guess.real_path, real_path))
		return true;
	*note = first;
	(void)scap_told_facts(t, ev, first, &guess);
	return false;
}

bool scap_told_find_facts(struct scap_told *t, const struct event *ev, uint32_t *note)
{
	const struct event_ext *ext = ev->ext;
	bool given = ext && (ext->real_path.len || ext->raced), guessed;
	struct event_ext guess;

	/* of the others the instruction pointer and the time that the workload waited tell rules nothing */
	if (!finds_path(t, ev, ext ? ext->real_path : STR(""), note) && ext)
		return false;
	if (ext && (ext->args.len || ext->stack.len || ext->region || ext->verdict || ext->late ||
		    ext->creds.known))
		return false;
	guessed = scap_told_facts(t, ev, *note, &guess);
	if (given == guessed && (!given || ext->raced == guess.raced))
		return true;
	*note &= ~(uint32_t)(SCAP_NOTE_NO_FACTS | SCAP_NOTE_RACED);
	if (given)
		*note |= (uint32_t)ext->raced << SCAP_NOTE_RACED_SHIFT;
	else if (guess.real_path.len)
		*note |= SCAP_NOTE_NO_FACTS;
	return true;
}

/* ---- what was told ---- */

/*
 * Whether an answer of the type can be like the next one, whose ends are not known: once any was remembered,
 * of use or not.
 */
static bool is_of_use(const struct scap_told *t, uint16_t type)
{
	bool has_ends = type == EV_ITER_TASK_FILE_SOCKET_INET_E || type == EV_ITER_TASK_FILE_SOCKET_INET6_E;

	return !has_ends && (t->kind <= SCAP_IMPLIES_GUESSED || scap_known_is_counted(type));
}

static void add_note(struct scap_told *t, const struct event *ev, int64_t asked, uint32_t flags)
{
	int param = asked < 0 ? -1 : param_of(ev, asked);
	uint32_t usual = scap_told_note(t, ev, 0), note = usual;
	uint32_t same = SCAP_NOTE_SAME | ((uint32_t)param << SCAP_NOTE_PARAM_SHIFT & SCAP_NOTE_PARAM);

	if (!guesses_more(t)) {
		note = param >= 0 ? same : asked < 0 && flags & SCAP_NOTE_ANSWER ? SCAP_NOTE_NONE : usual;
	} else if (flags & SCAP_NOTE_ANSWER) {
		note = scap_told_note(t, ev, flags) & ~(uint32_t)SCAP_NOTE_FOLDER;
		if ((note & SCAP_NOTE_ANSWER) == SCAP_NOTE_LATEST) /* which is known by its own number from now on */
			note = (note & ~(uint32_t)SCAP_NOTE_ANSWER) | SCAP_NOTE_SAME;
	} else if (param >= 0 && ((usual & SCAP_NOTE_ANSWER) == SCAP_NOTE_NONE || (usual ^ same) & SCAP_NOTE_PARAM)) {
		note = (usual & ~(uint32_t)(SCAP_NOTE_ANSWER | SCAP_NOTE_PARAM)) | same;
	}
	if (asked >= 0 && is_of_use(t, t->answer))
		t->answered[ev->type] = t->answer;
	if (note == usual)
		return;
	t->notes[ev->type] = note;
	*usual_of(t, ev) = (struct usual){ ev->tid, ev->type, note };
}

int scap_told_add_answer(struct scap_told *t, const struct event *answer, bool written)
{
	t->answer = answer->type;
	return scap_known_add_answer(t->known, answer, written);
}

int scap_told_add(struct scap_told *t, const struct event *ev, int64_t asked, uint32_t flags)
{
	struct str real_path = ev->ext ? ev->ext->real_path : STR("");
	int r = 0;

	add_note(t, ev, asked, flags);
	if (t->real_path.len && real_path.len && guesses_more(t))
		r = scap_paths_add(t->paths, real_path);
	return r < 0 ? r : scap_known_add(t->known, ev, real_path);
}

/* ---- life ---- */

struct scap_told *scap_told_new(void)
{
	struct scap_told *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->kind = SCAP_IMPLIES_NEWEST;
	t->known = scap_known_new();
	t->paths = scap_paths_new();
	if (!t->known || !t->paths) {
		scap_told_free(t);
		return NULL;
	}
	return t;
}

void scap_told_forget(struct scap_told *t)
{
	memset(t->notes, 0, sizeof(t->notes));
	memset(t->usual, 0, sizeof(t->usual));
	memset(t->answered, 0, sizeof(t->answered));
	t->answer = 0;
	scap_known_forget(t->known);
	scap_paths_forget(t->paths);
}

void scap_told_start(struct scap_told *t, enum scap_implied kind)
{
	scap_told_forget(t);
	t->kind = kind;
}

void scap_told_free(struct scap_told *t)
{
	if (!t)
		return;
	scap_known_free(t->known);
	scap_paths_free(t->paths);
	event_builder_free(&t->given);
	strbuf_free(&t->name);
	free(t);
}
