/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SOURCE_H
#define MONITOR_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/limits.h"
#include "event/event.h"

/*
 * Where events come from. A source owns the events that it hands out: a struct event and all that it borrows live
 * until the next call of next(), complete() or close() on the same source. One pipeline drives one source from one
 * thread.
 *
 * Asynchronous sources (captures, bpf, plugins) deliver complete events and implement only next, stats and close. A
 * synchronous source (the tracer) holds the workload while the pipeline thinks: it delivers a provisional event at a
 * call's entry, and the pipeline then says exactly one of answer() or complete() for it before it calls next() again.
 */

/* ---- what is wanted ------------------------------------------------------------------------------------ */

/* An alternative: the event is wanted when all tests hold on the integer parameters. No tests: always wanted. */
struct arg_test {
	uint16_t param; /* index in events.def, in Falco's encoding (PPM flags, not native ones) */
	bool negated;
	uint64_t mask;
	uint64_t value; /* (parameter & mask) == value */
};

/* Which ends of a call are wanted: what a source knows to have ended otherwise need not be told. */
enum intercept_result { RESULT_ANY, RESULT_SUCCESS, RESULT_FAILURE };

#define INTERCEPT_TESTS 4
struct intercept_want {
	uint16_t event;
	uint8_t ntests;
	uint8_t result; /* enum intercept_result */
	struct arg_test tests[INTERCEPT_TESTS];
};

struct intercept_set {
	const struct intercept_want *wants; /* several alternatives of one event are or-ed */
	size_t nwants;
	facts_t facts; /* facts that any rule or output reads: events that write them are needed for the state */
	/*
	 * Absolute paths that rules compare with the name of a file. A source that sees files opened reports
	 * the path that leads to an opened file with several hard links as its real path (struct event_ext).
	 * Borrowed, each once, sorted.
	 */
	const struct str *paths;
	size_t npaths;
	bool syscall_codes[SYSCALL_CODES]; /* calls without an event of their own that rules name (generic events) */
};

/* ---- what is missing ----------------------------------------------------------------------------------- */

enum need_kind {
	NEED_THREAD, /* a thread or process that no event has introduced */
	NEED_FD, /* what descriptor fd of the process of tid is */
	NEED_FDS, /* the same for all of them, up to FDS_TOLD_MAX */
	NEED_CWD, /* the current directory of the thread tid, which is told as descriptor AT_FDCWD */
	NEED_REGION, /* of the event at hand: the region of its caller, into the extension record that it borrows */
	NEED_STACK, /* the same for the frames of its caller */
	NEED_RACED, /* the same: whether others can write the memory that the call's arguments are in */
};

struct need {
	enum need_kind kind;
	int64_t tid;
	int64_t fd; /* NEED_FD only */
};

struct needs {
	struct need list[NEEDS_MAX];
	unsigned int count;
	uint64_t overflow; /* asked beyond NEEDS_MAX: counted, answered as absent */
};

/* Adds unless already there. */
void needs_add(struct needs *needs, enum need_kind kind, int64_t tid, int64_t fd);

/* Receives an event that answers a need (Falco's ITER_TASK* kinds); it is to be applied to the state at once. */
typedef int (*source_sink)(void *context, const struct event *ev);

/* ---- what is decided ----------------------------------------------------------------------------------- */

enum verdict_kind { VERDICT_CONTINUE, VERDICT_DENY, VERDICT_KILL };

struct verdict {
	enum verdict_kind kind;
	int deny_errno; /* VERDICT_DENY: positive errno that the call returns */
};

/* ---- the vtable ---------------------------------------------------------------------------------------- */

struct source_stats {
	uint64_t events; /* handed out */
	uint64_t dropped; /* could not be delivered */
	uint64_t dropped_bytes;
	uint64_t stalls; /* calls of the workload that waited (synchronous sources) */
	uint64_t stall_ns; /* how long, in all */
	uint64_t stall_max_ns;
	uint64_t truncated; /* parameters cut to a limit */
};

/* What a source promises; the state and the fields rely on it. */
enum source_trait {
	SOURCE_SYNCHRONOUS = 1 << 0, /* provisional events, complete() and answer() work */
	/* every open, dup and close is seen: an fd that is not in the table does not exist */
	SOURCE_REPORTS_FDS = 1 << 1,
	SOURCE_REPORTS_THREADS = 1 << 2, /* a thread that is not in the table cannot be asked for either */
	/* -1 as a new user or group leaves the old one, as in the kernel; of other sources it is one, as in Falco */
	SOURCE_LEAVES_IDS = 1 << 3,
};

struct source;

struct source_ops {
	const char *name;

	/* Tells what is wanted; called once before the first next(), and again when the rules change. -EOPNOTSUPP
	 * with the reason when a narrower set is already installed. NULL = everything is delivered anyway. */
	int (*intercept)(struct source *s, const struct intercept_set *set, struct error *err);

	/* 1 = *ret_event is valid; 0 = nothing now (timeout or a signal: look at your own business and call again);
	 * -ENODATA = the end; other negative = failure. Blocks at most about a second. */
	int (*next)(struct source *s, struct event *ret_event, struct error *err);

	/*
	 * Answers needs by events given to sink, in order, before it returns (NEED_REGION, NEED_STACK and
	 * NEED_RACED: by filling in the record). Needs that have no answer (the process is gone) are left
	 * out. NULL = nothing can be asked.
	 */
	int (*fetch)(struct source *s, const struct needs *needs, source_sink sink, void *context, struct error *err);

	/* Asks for the completed form of a provisional event. 1 = *ret_event is it, and the call still waits for
	 * answer(); 0 = the call goes on and the completed event comes out of next() later (its .call is equal). */
	int (*complete)(struct source *s, const struct event *ev, struct event *ret_event, struct error *err);

	/* Lets the call of a provisional event (or one completed in place) go on, or not. */
	int (*answer)(struct source *s, const struct event *ev, struct verdict verdict, struct error *err);

	void (*stats)(const struct source *s, struct source_stats *ret_stats);
	void (*close)(struct source *s); /* frees s */
};

/* The head of every source's own struct. */
struct source {
	const struct source_ops *ops;
	unsigned int traits; /* SOURCE_* */
	struct str container; /* whose users and groups the host's are, too; empty: none. Lives as this */
};

static inline void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}
DEFINE_AUTO(struct source, source, source_close);
#define auto_source AUTO(source)

/* ---- the sources that there are ------------------------------------------------------------------------ */

/* A capture file ("-" = standard input), plain or gzip. Fails on a file that is none; reports offsets. */
int source_scap_open(const char *path, struct source **ret_source, struct error *err);

/*
 * Several sources as one, ordered by the time of events; takes them over, also when it fails. What each
 * promises must hold for all: traits are those that they have in common.
 */
int source_merge_open(struct source *const *sources, size_t n, struct source **ret_source, struct error *err);

/* A source without events, until somebody stops asking. */
int source_idle_open(struct source **ret_source, struct error *err);

#endif
